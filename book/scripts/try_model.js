/* The recommender behind the page "Try it": reads the files that musicrec.try_page writes, and does with it what
   musicrec.serving does in Python. No part of the page is touched here. */
"use strict";

window.musicrecModel = (() => {
  /* Unpack a file; throws an error that says what is wrong with it. */
  async function unpack(text) {
    const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
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
    return [head, arrays];
  }

  /* The catalogue of the first file; `fetchPart` is asked for the others by name, when they are needed. */
  async function read(text, fetchPart) {
    const [head, arrays] = await unpack(text);
    return new Catalogue(head, arrays, fetchPart);
  }

  class Catalogue {
    constructor(head, arrays, fetchPart) {
      this.fetchPart = fetchPart;
      this.parts = new Map(); // what was asked for, by name
      this.names = head.names;
      this.simulated = head.simulated;
      this.dataset = head.dataset;
      this.listeners = arrays.listeners;
      const n = this.names.length;
      this.models = {};
      for (const [name, settings] of Object.entries(head.models)) {
        if (settings.dim) this.models[name] = new Factors(name, settings, n);
        else if (settings.rows) this.models[name] = new ItemWeights(name, settings.rows, n);
        else if (!settings.of) this.models[name] = new Counts(this.listeners);
      }
      const order = Object.entries(head.models).map(
        ([name, { of }]) => [name, this.models[name] ?? new Both(of.map((part) => this.models[part]))]);
      this.models = Object.fromEntries(order);
      this.index = new window.musicrecNames.Names(this.names, this.listeners); // the best known come first
    }

    /* The artist of that name, or undefined. */
    find(text) {
      return this.index.find(text);
    }

    /* Which files an answer still lacks. */
    missing(liked, name) {
      return this.models[name].needs(liked).filter((part) => this.parts.get(part) !== true);
    }

    /* Get the files that an answer needs, each once; throws an error that says what is wrong with one. */
    async prepare(liked, name) {
      const model = this.models[name];
      await Promise.all(this.missing(liked, name).map((part) => {
        if (!this.parts.has(part)) {
          const coming = this.fetchPart(part).then(unpack).then(([, arrays]) => {
            model.take(part, arrays);
            this.parts.set(part, true);
          });
          coming.catch(() => this.parts.delete(part)); // so that it can be tried again
          this.parts.set(part, coming);
        }
        return this.parts.get(part);
      }));
    }

    /* The best artists for someone who likes these: ranked by score / listeners ** avoid, none liked already, none
       with a score of zero or below; of equal ones the better known first. Needs what `prepare` gets. */
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
    /* `first` has the first artist of every file, which holds the rows up to that of the next. */
    constructor(name, first, n) {
      Object.assign(this, { name, ends: [...first.slice(1), n], first, rows: new Map() });
    }

    needs(liked) {
      const places = liked.map((artist) => this.ends.findIndex((end) => artist < end));
      return [...new Set(places)].sort((a, b) => a - b).map((place) => `${this.name}-${place}`);
    }

    take(part, { sizes, low, high, levels, scales }) {
      const start = this.first[Number(part.slice(this.name.length + 1))];
      let at = 0;
      sizes.forEach((size, i) => {
        const columns = new Uint16Array(size);
        for (let j = 0, column = 0; j < size; j++) {
          column += low[at + j] + 256 * high[at + j];
          columns[j] = column;
        }
        this.rows.set(start + i, { columns, levels: levels.subarray(at, at + size), scale: scales[i] });
        at += size;
      });
      if (at !== low.length) throw new Error("weights and artists do not fit");
    }

    scores(liked, n) {
      const total = new Float64Array(n);
      for (const artist of liked) {
        const { columns, levels, scale } = this.rows.get(artist);
        columns.forEach((column, at) => { total[column] += scale * levels[at]; });
      }
      return total;
    }

    adds(liked, artists) {
      const place = new Map(artists.map((artist, i) => [artist, i]));
      const result = artists.map(() => new Float64Array(liked.length));
      liked.forEach((artist, j) => {
        const { columns, levels, scale } = this.rows.get(artist);
        columns.forEach((column, at) => {
          const i = place.get(column);
          if (i !== undefined) result[i][j] = scale * levels[at];
        });
      });
      return result;
    }
  }

  /* A score is a product of factors; the listener's are those that minimise the loss of the model. */
  class Factors {
    constructor(name, { dim, alpha, pull, ridge }, n) {
      Object.assign(this, { name, dim, alpha, pull, ridge, n });
    }

    needs() {
      return [this.name];
    }

    take(part, { levels, scales, gram }) {
      const { dim, n } = this;
      if (levels.length !== n * dim || scales.length !== n || gram.length !== dim * dim) {
        throw new Error("factors do not fit");
      }
      Object.assign(this, { levels, scales, gram });
    }

    factor(artist) {
      return Float64Array.from(
        this.levels.subarray(artist * this.dim, (artist + 1) * this.dim), (level) => level * this.scales[artist]);
    }

    /* The lower triangle L of the matrix of the loss, L Lᵀ (Cholesky), which is positive by construction. */
    triangle(liked) {
      const { dim, alpha } = this;
      const lower = Float64Array.from(this.gram);
      const [penalty, offset, exponent] = this.ridge;
      for (let i = 0; i < dim; i++) lower[i * dim + i] += penalty * (liked.length + offset) ** exponent;
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
      for (const artist of liked) this.factor(artist).forEach((value, i) => { right[i] += this.pull * value; });
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
        return mine.map((v) => this.pull * v.reduce((sum, value, i) => sum + value * toward[i], 0));
      });
    }
  }

  /* Half of a score from each of two models, as a share of the best artist's. */
  class Both {
    constructor(models) {
      this.models = models;
    }

    needs(liked) {
      return this.models.flatMap((model) => model.needs(liked));
    }

    take(part, arrays) {
      this.models.find((model) => part === model.name || part.startsWith(`${model.name}-`)).take(part, arrays);
    }

    scores(liked, n) {
      const total = new Float64Array(n);
      this.best = this.models.map((model) => { // kept for the reasons
        const found = model.scores(liked, n);
        const best = found.reduce((most, score) => Math.max(most, score), 0);
        if (best > 0) found.forEach((score, artist) => { total[artist] += score / (2 * best); });
        return best;
      });
      return total;
    }

    adds(liked, artists) {
      const result = artists.map(() => new Float64Array(liked.length));
      this.models.forEach((model, which) => {
        if (this.best[which] > 0) {
          model.adds(liked, artists).forEach((row, i) => row.forEach((value, j) => { result[i][j] += value / (2 * this.best[which]); }));
        }
      });
      return result;
    }
  }

  /* The score is the number of listeners, the same for everyone: nobody adds to it. */
  class Counts {
    constructor(listeners) {
      this.listeners = listeners;
    }

    needs() {
      return [];
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
