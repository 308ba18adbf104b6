"""EASE with what tags say about items as further rows."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.side_information import SideInformation
from musicrec.models.linear.ease import EASE
from musicrec.models.space import STRENGTH, Range


class EASESide(EASE):
    """EASE over more than listeners: whatever holds a set of items together is one more row.

    A tag is a row with log(1 + count) at the items that training listeners gave it to, and the artists that a user
    tagged without listening to them are a row. Adding rows is how the closed form takes in side information
    [Jeunen, Van Balen & Goethals, 2020]; solved among rows, it costs the inverse of a somewhat larger matrix.

    The row of tagged artists of a user must not speak for the candidates of that user (see `SideInformation`). The
    inverse without one row follows from the inverse with it, so every user is served by weights in which that row
    never took part, exactly.

    Parameters
    ----------
    side : SideInformation
        Of the same users and items.
    l2, damping, strength
        As in `EASE`.
    tag_weight, tagged_weight : float
        How much the two kinds of rows count beside those of listeners; 0 leaves one out.
    min_items : int
        Tags given to fewer items say nothing and are left out.
    """

    name = "ease-side"
    title = "Linear autoencoder with tags"
    task = "listeners"
    reference = "jeunen2020"
    reads = ("tags", "plays")
    space = {
        "l2": Range(5.0, 500.0, log=True),
        "damping": Range(0.0, 0.6),
        "strength": STRENGTH,
        "tag_weight": Range(0.0, 2.0),
        "tagged_weight": Range(0.0, 2.0),
    }
    small = {"l2": 1.0, "damping": 0.2, "strength": "log"}
    precision: ClassVar[type[np.floating]] = np.float32  # thousands of rows; the penalty keeps the inverse stable

    def __init__(
        self,
        side: SideInformation,
        l2: float = 200.0,
        damping: float = 0.0,
        strength: str = "equal",
        tag_weight: float = 1.0,
        tagged_weight: float = 1.0,
        min_items: int = 3,
    ) -> None:
        super().__init__(l2, damping, strength)
        self.side, self.min_items = side, min_items
        self.tag_weight, self.tagged_weight = tag_weight, tagged_weight

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:  # noqa: D102
        allowed = self.side.known(train)
        self.scale = (np.maximum(train.popularity(), 1) ** -self.damping).astype(np.float32)
        rows = [self._weighed(train.matrix)]
        self.own = np.full(train.n_users, -1)  # the row of tagged items of each user, -1 for none
        if self.tagged_weight:
            who = np.flatnonzero(np.diff(allowed.tagged.indptr) > 1)
            self.own[who] = train.n_users + np.arange(len(who))
            rows.append(allowed.tagged[who] * np.float32(self.tagged_weight) * self.scale)
        if self.tag_weight:
            tags = allowed.item_tags.T.tocsr()
            tags = tags[np.diff(tags.indptr) >= self.min_items]
            tags.data = np.log1p(tags.data)
            rows.append(tags * np.float32(self.tag_weight) * self.scale)
        self._solve(sp.csr_array(sp.vstack(rows, format="csr"), dtype=np.float32))
        return self

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:  # noqa: D102
        history = self._weighed(self.train.matrix[users])
        linear = -np.float32(self.l2) * self.kernel[users]  # (G + λI)K = I, so a row of GK is one of I - λK
        linear[np.arange(len(users)), users] += 1
        scores = linear @ self.rows
        smooth = np.tile(self.smooth, (len(users), 1))
        has = np.flatnonzero(self.own[users] >= 0)
        if len(has):
            row = self.own[users[has]]
            # K without row r is K - K_r K_rᵀ / K_rr
            along, pivot = self.kernel[row] @ self.rows, self.kernel[row, row]
            scores[has] -= (linear[has, row] / pivot)[:, None] * along
            smooth[has] -= along**2 / pivot[:, None]
        return self._without_itself(scores / (1 - smooth), history, smooth)
