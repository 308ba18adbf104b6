/* The recommender behind the page "Try it": reads the file that musicrec.try_page writes, and does with it what
   musicrec.serving does in Python. No part of the page is touched here. */
"use strict";

window.musicrecModel = (() => {
  /* Unpack the file; throws an error that says what is wrong with it. */
  async function read(file) {
    const packed = Uint8Array.from(atob(file.gzip), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const body = await new Response(stream).arrayBuffer();
    const size = new DataView(body).getUint32(0, true);
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(body, 4, size)));
    const kinds = { Int8Array, Uint8Array, Uint16Array, Uint32Array, Float32Array };
    const arrays = {};
    let at = 4 + size;
    for (const [name, kind, length] of head.arrays) {
      const bytes = length * kinds[kind].BYTES_PER_ELEMENT;
      arrays[name] = new kinds[kind](body.slice(at, at + bytes)); // a copy starts where its kind of number may start
      if (arrays[name].length !== length) throw new Error(`${name} is cut off`);
      at += bytes;
    }
    if (at !== body.byteLength) throw new Error("there is more in it than it names");
    return new Catalogue(head, arrays);
  }

  class Catalogue {
    constructor(head, arrays) {
      this.names = head.names;
      this.simulated = head.simulated;
      this.dataset = head.dataset;
      this.listeners = arrays.listeners;
      const n = this.names.length;
      this.models = {};
      for (const [name, settings] of Object.entries(head.models)) {
        const part = (what) => arrays[`${name}.${what}`];
        if (settings.dim) this.models[name] = new Factors(settings, part("levels"), part("scales"), part("gram"));
        else if (part("levels")) this.models[name] = new ItemWeights(n, part);
        else this.models[name] = new Counts(this.listeners);
      }
      this.index = new window.musicrecNames.Names(this.names, this.listeners); // the best known come first
    }

    /* The artist of that name, or undefined. */
    find(text) {
      return this.index.find(text);
    }

    /* The best artists for someone who likes these: ranked by score / listeners ** avoid, none liked already, none
       with a score of zero or below; of equal ones the better known first. */
    recommend(liked, name, k = 10, avoid = 0) {
      const model = this.models[name];
      const mine = [...new Set(liked)].sort((a, b) => a - b);
      const scores = model.scores(mine, this.names.length);
      const own = new Set(mine);
      const best = [];
      for (let artist = 0; artist < scores.length; artist++) {
        const score = scores[artist];
        if (!(score > 0) || own.has(artist)) continue;
        const adjusted = avoid === 0 ? score : score / this.listeners[artist] ** avoid;
        if (best.length === k && adjusted <= best[k - 1].adjusted) continue;
        let place = Math.min(best.length, k - 1);
        while (place > 0 && best[place - 1].adjusted < adjusted) place--;
        best.splice(place, 0, { artist, score, adjusted });
        if (best.length > k) best.pop();
      }
      const adds = model.adds(mine, best.map((each) => each.artist));
      best.forEach((each, i) => {
        const reasons = mine.map((artist, j) => ({ artist, adds: adds[i][j] })).filter((reason) => reason.adds !== 0);
        each.because = reasons.sort((a, b) => b.adds - a.adds || a.artist - b.artist);
      });
      return best;
    }
  }

  /* A score is a sum of weights: of each liked artist, the ones it has most to say about. */
  class ItemWeights {
    constructor(n, part) {
      const [sizes, low, high] = [part("sizes"), part("low"), part("high")];
      this.levels = part("levels");
      this.scales = part("scales");
      this.starts = new Uint32Array(n + 1);
      this.columns = new Uint16Array(low.length);
      for (let row = 0; row < n; row++) {
        this.starts[row + 1] = this.starts[row] + sizes[row];
        for (let at = this.starts[row], column = 0; at < this.starts[row + 1]; at++) {
          column += low[at] + 256 * high[at];
          this.columns[at] = column;
        }
      }
      if (this.starts[n] !== low.length) throw new Error("weights and artists do not fit");
    }

    scores(liked, n) {
      const total = new Float64Array(n);
      for (const row of liked) {
        for (let at = this.starts[row]; at < this.starts[row + 1]; at++) {
          total[this.columns[at]] += this.scales[row] * this.levels[at];
        }
      }
      return total;
    }

    adds(liked, artists) {
      const place = new Map(artists.map((artist, i) => [artist, i]));
      const result = artists.map(() => new Float64Array(liked.length));
      liked.forEach((row, j) => {
        for (let at = this.starts[row]; at < this.starts[row + 1]; at++) {
          const i = place.get(this.columns[at]);
          if (i !== undefined) result[i][j] = this.scales[row] * this.levels[at];
        }
      });
      return result;
    }
  }

  /* A score is a product of factors; the listener's are those that minimise the loss of ALS. */
  class Factors {
    constructor({ dim, alpha }, levels, scales, gram) {
      Object.assign(this, { dim, alpha, levels, scales, gram });
      if (levels.length !== scales.length * dim || gram.length !== dim * dim) throw new Error("factors do not fit");
    }

    factor(artist) {
      return Float64Array.from(
        this.levels.subarray(artist * this.dim, (artist + 1) * this.dim), (level) => level * this.scales[artist]);
    }

    /* The lower triangle L of the matrix of the loss, L Lᵀ (Cholesky), which is positive by construction. */
    triangle(liked) {
      const { dim, alpha } = this;
      const lower = Float64Array.from(this.gram);
      for (const artist of liked) {
        const v = this.factor(artist);
        for (let i = 0; i < dim; i++) {
          const weight = alpha * v[i];
          if (weight !== 0) for (let j = 0; j <= i; j++) lower[i * dim + j] += weight * v[j];
        }
      }
      for (let j = 0; j < dim; j++) {
        for (let i = j; i < dim; i++) {
          let sum = lower[i * dim + j];
          for (let m = 0; m < j; m++) sum -= lower[i * dim + m] * lower[j * dim + m];
          lower[i * dim + j] = i === j ? Math.sqrt(sum) : sum / lower[j * dim + j];
        }
      }
      return lower;
    }

    solve(lower, right) {
      const { dim } = this;
      const x = Float64Array.from(right);
      for (let i = 0; i < dim; i++) {
        for (let m = 0; m < i; m++) x[i] -= lower[i * dim + m] * x[m];
        x[i] /= lower[i * dim + i];
      }
      for (let i = dim - 1; i >= 0; i--) {
        for (let m = i + 1; m < dim; m++) x[i] -= lower[m * dim + i] * x[m];
        x[i] /= lower[i * dim + i];
      }
      return x;
    }

    scores(liked, n) {
      this.lower = this.triangle(liked); // kept for the reasons
      const right = new Float64Array(this.dim);
      for (const artist of liked) this.factor(artist).forEach((value, i) => { right[i] += (1 + this.alpha) * value; });
      const listener = this.solve(this.lower, right);
      const total = new Float64Array(n);
      for (let artist = 0; artist < n; artist++) {
        let sum = 0;
        for (let i = 0, at = artist * this.dim; i < this.dim; i++, at++) sum += this.levels[at] * listener[i];
        total[artist] = sum * this.scales[artist];
      }
      return total;
    }

    adds(liked, artists) {
      const mine = liked.map((artist) => this.factor(artist));
      return artists.map((artist) => {
        const toward = this.solve(this.lower, this.factor(artist));
        return mine.map((v) => (1 + this.alpha) * v.reduce((sum, value, i) => sum + value * toward[i], 0));
      });
    }
  }

  /* The score is the number of listeners, the same for everyone: nobody adds to it. */
  class Counts {
    constructor(listeners) {
      this.listeners = listeners;
    }

    scores() {
      return this.listeners;
    }

    adds(liked, artists) {
      return artists.map(() => liked.map(() => 0));
    }
  }

  return { plain: window.musicrecNames.plain, read };
})();
