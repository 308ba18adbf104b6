/* Names as people write them: folding, finding what is meant, reading lists. The same rules as musicrec.names in
   Python; tests/names/cases.json holds what both must answer. No part of a page is touched here. */
"use strict";

window.musicrecNames = (() => {
  const OVERSHADOWS = 10; // a name is taken for one written alike that so many times as many people know

  // ---- Folding (musicrec/names/fold.py)

  const SPELLED = { "&": " and ", ø: "o", ł: "l", đ: "d", ð: "d", þ: "th", æ: "ae", œ: "oe", ı: "i", ß: "ss", ς: "σ" };
  const UMLAUTS = { ä: "ae", ö: "oe", ü: "ue", å: "aa", ø: "oe" };
  const AND = new Set(["e", "et", "n", "och", "og", "und", "ve", "y"]);
  const GUEST = /\s*[([]?(?<![\p{L}\p{N}])(?:feat|ft|featuring)(?![\p{L}\p{N}])\.?\s*(?=\S)/iu;
  const GUESTS = new RegExp(GUEST.source, "giu");

  const lower = (text) => text.toLowerCase().replace(/[ßς]/g, (letter) => SPELLED[letter]);

  function wordsOf(text) {
    const folded = lower(text.normalize("NFKD")).normalize("NFKD").replace(/[\p{Mn}\p{Cf}]/gu, "");
    return folded.replace(/[&øłđðþæœı]/g, (letter) => SPELLED[letter]).split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  }

  /* Without case, accents, punctuation and "the" before it, with one word for each kind of "and". */
  function plain(name) {
    const text = name.replace(/,\s*the\s*$/i, "").replace(/(?<=\p{L})['’‘`´ʼ](?=\p{L})/gu, "")
      .replace(/(?<=\p{L}) \+ (?=\p{L})/gu, " & ").replace(GUESTS, " feat ");
    const words = wordsOf(text);
    if (words.length > 1 && words[0] === "the") words.shift();
    for (let at = 1; at < words.length - 1; at += 1) {
      if (AND.has(words[at]) && letters(words[at - 1]) > 1 && letters(words[at + 1]) > 1) words[at] = "and";
    }
    return words.join(" ") || lower(name.normalize("NFKC").trim());
  }

  const letters = (word) => [...word].length;

  /* Without case, with one form for each character, hyphen and space. */
  function exact(name) {
    return lower(name.normalize("NFKC")).normalize("NFKC").replace(/[\p{Pd}−]/gu, "-").replace(/\p{Cf}/gu, "")
      .split(/\s+/u).filter(Boolean).join(" ");
  }

  /* `exact` without the marks before a name, such as a bullet, and without those on either side. */
  function unmarked(name) {
    const before = exact(name).replace(/^[^\p{L}\p{N}\p{M}]+(?=.*[\p{L}\p{N}\p{M}])/u, "");
    return [before, before.replace(/(?<=[\p{L}\p{N}\p{M}].*)[^\p{L}\p{N}\p{M}]+$/u, "")];
  }

  /* What a name may be written as with letters and digits alone, each once. */
  function keys(name) {
    const variants = [plain(name)];
    const read = name.replace(/\$(?=\p{L})|(?<=\p{L})\$/gu, "s").replace(/€(?=\p{L})|(?<=\p{L})€/gu, "e")
      .replace(/(?<=\p{L})@(?=\p{L})/gu, "a").replace(/(?<!\S)([^\s!]*\p{L})!(?=\p{L}[^\s!]*(?!\S))/gu, "$1i");
    if (read !== name) variants.push(plain(read));
    const umlauts = name.normalize("NFC").toLowerCase().replace(/[äöüåø]/g, (letter) => UMLAUTS[letter]);
    if (/[^\p{ASCII}]/u.test(name)) variants.push(plain(umlauts));
    return [...new Set(variants.map((variant) => variant.replaceAll(" ", "")))];
  }

  /* Who stands before the guests of a joint credit, "" where there are none. */
  function mainArtist(name) {
    const found = GUEST.exec(name);
    return found ? name.slice(0, found.index).trim() : "";
  }

  /* What the words of a folded name are abbreviated to: their first letters, numbers as they are. */
  function initials(folded) {
    const words = folded.split(" ").filter(Boolean);
    if (words.length < 2) return [];
    const middle = words.includes("and") ? ["a", "n", ""] : ["a"];
    return [...new Set(middle.map((a) => words.map(
      (word) => /^\p{Nd}+$/u.test(word) ? word : word === "and" ? a : [...word][0]).join("")))];
  }

  const NO_ARTIST = new Set((
    "unknown|unknown artist|unknown artists|artist unknown|various|various artist|various artists|va|v a|untitled|" +
    "untitled artist|no artist|no artists|none|null|nan|n a|undefined|not available|missing|no name|no title|" +
    "unbekannt|unbekannter interpret|unbekannter kunstler|verschiedene|verschiedene interpreten|diverse|" +
    "diverse artiesten|onbekend|onbekende artiest|artiste inconnu|artistes divers|artista desconocido|" +
    "artista desconhecido|artistas varios|varios|varios artistas|artista sconosciuto|artisti vari|autori vari|" +
    "soundtrack|soundtracks|original soundtrack|original motion picture soundtrack|original score|original cast|" +
    "original broadway cast|original london cast|audio track|неизвестен|" +
    "неизвестныи исполнитель|разные исполнители").split("|"));
  const NO_ARTIST_IN_BRACKETS = new Set((
    "anonymous|traditional|data|dialogue|artist|blank|empty|silence|christmas music|nature sounds|" +
    "language instruction|church chimes|theatre|disney|missing value").split("|"));

  /* Whether a name stands where an artist's name is missing. */
  function isPlaceholder(name) {
    const text = name.trim();
    const words = wordsOf(text).join(" ").replace(/(?: \d+)+$/, "");
    return !text || NO_ARTIST.has(words) || (/^[[<({].*[\]>)}]$/s.test(text) && NO_ARTIST_IN_BRACKETS.has(words));
  }

  // ---- Names that come close (musicrec/names/near.py)

  const [CANDIDATES, ALIKE, SAME_WORDS, NOISE, LONGEST] = [60, 60, 90, 15, 200];

  const pairsOf = (folded) => {
    const padded = [" ", ...folded, " "];
    return new Set(padded.slice(1).map((letter, at) => padded[at] + letter));
  };

  /* How many letters two words have in common, in the same order. */
  function common(a, b) {
    let row = new Uint16Array(b.length + 1);
    for (const letter of a) {
      const next = new Uint16Array(b.length + 1);
      for (let j = 1; j <= b.length; j += 1) next[j] = letter === b[j - 1] ? row[j - 1] + 1 : Math.max(row[j], next[j - 1]);
      row = next;
    }
    return row[b.length];
  }

  class Near {
    constructor(folded) { // the best known first
      this.folded = folded;
      this.places = new Map();
      this.byInitials = new Map();
      this.sizes = folded.map((name, place) => {
        const pairs = pairsOf(name);
        for (const pair of pairs) push(this.places, pair, place);
        for (const short of initials(name)) push(this.byInitials, short, place);
        return pairs.size;
      });
    }

    find(folded, n) {
      const size = letters(folded);
      const short = size >= 2 && size <= 8 ? this.byInitials.get(folded.replaceAll(" ", "")) ?? [] : [];
      const alike = this.alike([...folded].slice(0, LONGEST).join("")).filter((place) => !short.includes(place));
      return [...short, ...alike].slice(0, n);
    }

    alike(folded) {
      const text = [...folded];
      const words = new Set(folded.split(" ").filter(Boolean));
      const scores = new Map();
      for (const place of this.candidates(folded)) {
        const name = [...this.folded[place]];
        const others = new Set(this.folded[place].split(" ").filter(Boolean));
        let score = (200 * common(text, name)) / (text.length + name.length);
        const within = (some, all) => [...some].every((word) => all.has(word));
        if (within(words, others) || (within(others, words) && name.length >= 4)) score = Math.max(score, SAME_WORDS);
        if (score >= ALIKE) scores.set(place, score);
      }
      const least = Math.max(0, ...scores.values()) - NOISE;
      const step = (place) => Math.floor(scores.get(place) / 10 + 0.5);
      return [...scores.keys()].filter((place) => scores.get(place) > least).sort((a, b) => step(b) - step(a) || a - b);
    }

    candidates(folded) {
      const pairs = [...pairsOf(folded)];
      const shared = new Uint16Array(this.folded.length);
      const touched = [];
      for (const pair of pairs) {
        for (const place of this.places.get(pair) ?? []) {
          if (shared[place] === 0) touched.push(place);
          shared[place] += 1;
        }
      }
      const least = Math.min(2, pairs.length);
      const some = touched.filter((place) => shared[place] >= least);
      const likeness = (place) =>
        shared[place] / (pairs.length + this.sizes[place]) + shared[place] / pairs.length / 4;
      const found = some.map((place) => [likeness(place), place]).sort((a, b) => b[0] - a[0] || a[1] - b[1]);
      return found.slice(0, CANDIDATES).map(([, place]) => place);
    }
  }

  function push(map, key, value) {
    const found = map.get(key);
    if (found) found.push(value);
    else map.set(key, [value]);
  }

  // ---- Finding what is meant (musicrec/names/index.py)

  class Names {
    constructor(names, listeners) { // the best known first
      this.names = names;
      this.listeners = listeners;
      this.byKey = new Map();
      names.forEach((name, item) => keys(name).forEach((key) => push(this.byKey, key, item)));
    }

    /* The item that is meant and the others the text may be read as, or undefined. */
    match(text) {
      if (isPlaceholder(text)) return undefined;
      const ranked = [...new Set(keys(text).flatMap((key) => this.byKey.get(key) ?? []))].sort((a, b) => a - b);
      if (ranked.length) {
        const folded = plain(text);
        let close = [];
        for (const written of [exact(text), ...unmarked(text)]) {
          if (!close.length) close = ranked.filter((item) => exact(this.names[item]) === written);
        }
        if (!close.length) close = ranked.filter((item) => plain(this.names[item]) === folded);
        if (!close.length) close = ranked;
        const hidden = this.listeners[ranked[0]] >= OVERSHADOWS * this.listeners[close[0]];
        const chosen = hidden ? ranked[0] : close[0];
        return { item: chosen, others: ranked.filter((item) => item !== chosen) };
      }
      const main = mainArtist(text);
      return main ? this.match(main) : undefined;
    }

    find(text) {
      return this.match(text)?.item;
    }

    /* Up to n items that a text abbreviates or is similar to, closest first, the better known of equals. */
    suggest(text, n = 3) {
      if (isPlaceholder(text)) return [];
      this.near ??= new Near(this.names.map(plain));
      return this.near.find(plain(text), n);
    }
  }

  /* Whether a text is so close to a name that nobody can mean another: its words begin words of the name, or it is
     one slip of the keyboard away. A slip that changes a letter may be another name, unless the name is long. */
  function isClose(text, name) {
    const [typed, folded] = [plain(text), plain(name)];
    const rest = folded.split(" ");
    const begun = typed.split(" ").every((word) => {
      const at = rest.findIndex((other) => other.startsWith(word));
      if (at >= 0) rest.splice(at, 1);
      return at >= 0;
    });
    return typed !== "" && (begun || isSlip([...typed], [...folded]));
  }

  function isSlip(a, b) {
    if (a.length < 5 || b.length < 5 || Math.abs(a.length - b.length) > 1) return false;
    let head = 0;
    while (head < Math.min(a.length, b.length) && a[head] === b[head]) head += 1;
    const same = (x, y) => x.length === y.length && x.every((letter, at) => letter === y[at]);
    if (a.length !== b.length) {
      const [long, short] = a.length > b.length ? [a, b] : [b, a];
      return same(long.slice(head + 1), short.slice(head));
    }
    const swapped = a[head] === b[head + 1] && a[head + 1] === b[head] && same(a.slice(head + 2), b.slice(head + 2));
    return swapped || (a.length >= 8 && same(a.slice(head + 1), b.slice(head + 1)));
  }

  // ---- Lists (musicrec/names/lists.py)

  const SPAN = 6; // a name goes over so many cells at most
  const LONGEST_LINE = 300; // letters of a line from which something is taken away
  const NUMBER = "\\d[\\d.,'’]*";
  const BULLET = /^(?:[-*•‣◦·▪►▶>→✓✔☑+–—]+\s+|[•‣◦·▪►▶→✓✔☑]+)(?:\[[ xX]?\]\s+)?(?=\S)/u;
  const RANK = new RegExp(
    "^(?:[\\[(]\\s*\\d+\\s*[\\])]\\s*|(?:#|№|nr\\.?|no\\.)\\s*\\d+\\s*[.):,;–—\\-]?\\s+|\\d+\\s*[.):,;|]\\s+|" +
    `\\d+[.):,;|](?=[^\\d\\s])|\\d+\\s*\\t\\s*|\\d+\\s+[–—\\-]\\s+|${NUMBER}\\s*[x×]\\s+|` +
    `${NUMBER}\\s+(?:plays?|listens?|scrobbles?|times)\\s*[:–—\\-]?\\s+)(?=\\S)`, "iu");
  const COUNT = new RegExp(
    "(?:\\s*[(\\[\\{]\\s*[x×]?\\s*\\d[\\d.,'’\\s]*[%x×]?\\s*\\p{L}*\\.?\\s*[)\\]\\}]|" +
    `[\\s,;:|=–—\\-]+${NUMBER}\\s*(?:x|×|plays?|listens?|scrobbles?|streams?|times)\\.?|` +
    `(?:\\s*[,;|=\\t]\\s*|\\s*:\\s+|\\s+[:–—\\-]\\s+|\\s{2,}|\\s+[x×]\\s*)"?${NUMBER}\\s*%?"?)\\s*[,;]?$`, "iu");
  const BARE_RANK = /^(\d+)\s+(?=\S)/;
  const LAST_NUMBER = /,\s+(\d+)$/;
  const BARE_COUNT = /\s+\d+$/;
  const DASH = /\s+[-–—‒―−~|]+\s+|\s*\t\s*/g;
  const QUOTED_SONG = /^(.*\S)\s+["“„«].+["”“»]$/;
  const QUOTES = /^["“”„«»](.*)["“”„«»]$/;
  const ONLY_NUMBER = new RegExp(`^${NUMBER}\\s*%?$`);
  const HEADING = new Set((
    "artist|artists|artist name|name|band|plays|play count|playcount|count|rank|#|no|nr|track|song|title|album|" +
    "listens|scrobbles|position|times").split("|"));
  const SEPARATED = { "\t": /\t\s*/, ";": /;\s*/, ",": /,\s*/ };

  function isHeading(line) {
    const cells = line.split(/[,;\t]/).map((cell) => cell.replace(/^[ "']+|[ "']+$/g, "").toLowerCase());
    return cells.every((cell) => HEADING.has(cell)) && (cells.length > 1 || cells[0].startsWith("artist"));
  }

  function isNumbered(lines) {
    const numbers = lines.map((line) => { const found = BARE_RANK.exec(line); return found ? Number(found[1].slice(0, 9)) : -1; });
    return lines.length > 2 && numbers[0] >= 0 && numbers.every((number, at) => number === numbers[0] + at);
  }

  function cellsOf(line, separator) {
    line = line.replaceAll("\0", "");
    const quoted = line.match(/"(?:[^"]|"")*"/g) ?? [];
    const hidden = line.replace(/"(?:[^"]|"")*"/g, "\0");
    const close = separator === "," && /,(?=\S)/.test(line);
    return hidden.split(close ? /,(?=\S)/ : SEPARATED[separator]).map((cell) =>
      cell.replace(/\0/g, () => quoted.shift().slice(1, -1).replaceAll('""', '"')).trim()).filter(Boolean);
  }

  class Reader {
    constructor(find, numbered, counted) {
      Object.assign(this, { find, numbered, counted });
    }

    line(line) {
      const last = LAST_NUMBER.exec(line);
      if (last && !this.counted && this.find(line) === undefined && this.find(last[1]) !== undefined) {
        const [items, unknown] = this.several(cellsOf(line, ","), true);
        if (items.length && !unknown.length) return [items, []];
      }
      const item = this.one(line);
      if (item !== undefined) return [[item], []];
      const cleaned = this.cleaned(line).at(-1);
      for (const separator of ["\t", ";", ","]) {
        const cells = cellsOf(cleaned, separator);
        if (cells.length < 2) continue;
        const [items, unknown] = this.several(cells, separator === "," && !/,\S/.test(cleaned));
        if (items.length) return [items, unknown.map((cell) => [cell, this.cleaned(cell).at(-1)])];
      }
      return [[], [[line, cleaned.split(DASH)[0].replace(/^[ "]+|[ "]+$/g, "")]]];
    }

    one(text) {
      const variants = this.cleaned(text);
      const heads = variants.flatMap((variant) => {
        const before = [...variant.matchAll(DASH)].reverse().map((dash) => variant.slice(0, dash.index));
        const song = QUOTED_SONG.exec(variant);
        return song ? [...before, song[1]] : before;
      });
      for (const candidate of new Set([...variants, text, ...heads])) {
        const item = this.find(candidate.replace(QUOTES, "$1"));
        if (item !== undefined) return item;
      }
      return undefined;
    }

    cleaned(text) {
      if (text.length > LONGEST_LINE) return [text];
      const starts = [this.numbered ? text.replace(BARE_RANK, "") : text];
      starts.push(starts.at(-1).replace(BULLET, ""));
      starts.push(starts.at(-1).replace(RANK, ""));
      const variants = [...starts];
      for (const start of new Set(starts)) {
        let shorter = start;
        for (;;) {
          const left = shorter.replace(COUNT, "").trim();
          if (left === "" || left === shorter) break;
          shorter = left;
          variants.push(shorter);
        }
        if (this.counted) variants.push(shorter.replace(BARE_COUNT, ""));
      }
      return variants.length > starts.length ? variants : [...variants, starts.at(-1)];
    }

    several(cells, spaced) {
      const parts = [];
      for (let at = 0; at < cells.length;) {
        const [end, items] = this.longest(cells, at, spaced);
        if (items) parts.push([cells[at], items]);
        at = end;
      }
      const items = parts.flatMap(([, some]) => some);
      const unknown = parts.filter(([, some]) => some.length === 0).map(([cell]) => cell);
      if (!unknown.length || (parts.length > 2 && items.length > unknown.length)) return [items, unknown];
      if (!spaced && parts[0][1].length) return [parts[0][1], []];
      return [[], []];
    }

    longest(cells, at, spaced) {
      for (let end = Math.min(cells.length, at + SPAN); end > at; end -= 1) {
        const alone = end - at === 1;
        const last = spaced && end === cells.length;
        if (alone && ONLY_NUMBER.test(cells[at]) && !(last && this.find(cells[at]) !== undefined)) return [end, null];
        const item = alone ? this.one(cells[at]) : this.find(cells.slice(at, end).join(", "));
        if (item !== undefined) return [end, [item]];
      }
      const two = cells[at].split(/^(?:and|&)\s+|\s+(?:and|&)\s+/).filter(Boolean).map((name) => this.one(name));
      return [at + 1, spaced && at > 0 && !two.includes(undefined) ? two : []];
    }
  }

  /* Read a pasted list, one or several names a line; `find` returns the item of a name or undefined. */
  function readList(text, find) {
    let lines = text.replace(/^\ufeff/, "").split(/[\r\n\u2028\u2029]+/).map((line) => line.trim()).filter(Boolean);
    if (lines.length && isHeading(lines[0]) && find(lines[0]) === undefined) lines = lines.slice(1);
    const counted = lines.length > 2 && lines.every((line) => BARE_COUNT.test(line));
    const reader = new Reader(find, isNumbered(lines), counted);
    const found = [];
    const missing = [];
    for (const line of lines) {
      const [items, unknown] = reader.line(line);
      found.push(...items);
      missing.push(...unknown);
    }
    return { lines: lines.length, found, missing };
  }

  return { Names, plain, exact, keys, initials, isPlaceholder, mainArtist, isClose, readList };
})();
