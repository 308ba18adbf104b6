/* The leaderboard that answers: sort it, take a part of the listeners, compare two systems, choose the axes of a figure.
   Without this script the page keeps its plain tables. */
(function () {
  "use strict";

  const root = document.getElementById("board");
  const data = window.musicrecBoard;
  if (!root || !data) return;

  const SVG = "http://www.w3.org/2000/svg";
  const LOWER_IS_BETTER = "Seconds to fit and answer";
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const [group, flat] = [bytes(data.group), bytes(data.listeners)];
  const n = group.length;
  const systems = data.systems.map((system, row) => ({ ...system, each: flat.subarray(row * n, (row + 1) * n) }));
  const state = { group: -1, sort: 0, down: true, a: 0, b: Math.min(1, systems.length - 1), x: 3, y: 0 };

  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  function drawn(tag, attributes, text) {
    const made = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  /* A labelled choice; `names` are what it offers, `key` what of the state it sets. */
  function choice(key, label, names, offset = 0) {
    const select = element("select", { id: `board-${key}` }, ...names.map((name, i) => element("option", { value: i + offset }, name)));
    select.value = state[key];
    select.addEventListener("change", () => {
      state[key] = Number(select.value);
      show();
    });
    return [element("label", { for: select.id }, label), select];
  }

  const inGroup = (user) => state.group < 0 || group[user] === state.group;

  /* Mean over the chosen listeners, of values of each. */
  function over(value) {
    let [sum, squares, count] = [0, 0, 0];
    for (let user = 0; user < n; user += 1) {
      if (!inGroup(user)) continue;
      const x = value(user);
      sum += x;
      squares += x * x;
      count += 1;
    }
    const mean = sum / count;
    return { mean, count, error: Math.sqrt(Math.max(squares / count - mean * mean, 0) / count) };
  }

  /* The columns of a system: the first, of each listener, follows the chosen group. */
  function values(system) {
    const first = state.group < 0 ? system.values[0] : over((user) => system.each[user] / data.steps).mean;
    return [first, ...system.values.slice(1)];
  }

  const written = (value, column) => column === data.columns.length - 1 ? value.toFixed(1) : column === 4 ? value.toFixed(2) : value.toFixed(4);

  function table() {
    const rows = systems.map((system) => ({ system, values: values(system) }));
    rows.sort((one, other) => (other.values[state.sort] - one.values[state.sort]) * (state.down ? 1 : -1));
    const heads = data.columns.map((name, column) => {
      const mark = column !== state.sort ? "" : state.down ? " ▼" : " ▲";
      const button = element("button", { type: "button" }, name + mark);
      button.addEventListener("click", () => {
        state.down = column === state.sort ? !state.down : name !== LOWER_IS_BETTER;
        state.sort = column;
        show();
        body.querySelectorAll("thead button")[column].focus();
      });
      const order = column !== state.sort ? "none" : state.down ? "descending" : "ascending";
      return element("th", { scope: "col", "aria-sort": order }, button);
    });
    return element("table", {},
      element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "System"), ...heads)),
      element("tbody", {}, ...rows.map((row) => element("tr", {},
        element("th", { scope: "row" }, row.system.title, " ", element("code", {}, row.system.name)),
        ...row.values.map((value, column) => element("td", {}, written(value, column)))))));
  }

  function comparison() {
    const [a, b] = [systems[state.a], systems[state.b]];
    const step = (user) => a.each[user] - b.each[user];
    const found = over((user) => step(user) / data.steps);
    const better = over((user) => step(user) > 0 ? 1 : 0);
    const worse = over((user) => step(user) < 0 ? 1 : 0);
    const signed = (value) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(4);
    const [low, high] = [found.mean - 1.96 * found.error, found.mean + 1.96 * found.error];
    const times = (share) => Math.round(share.mean * share.count).toLocaleString("en");
    return `${a.title} minus ${b.title}: ${signed(found.mean)} NDCG@10 (95 % interval ${signed(low)} to ${signed(high)}). ` +
      `Of ${found.count.toLocaleString("en")} listeners it is better for ${times(better)} and worse for ${times(worse)}.`;
  }

  function figure() {
    const rows = systems.map(values);
    const log = (column) => data.columns[column] === LOWER_IS_BETTER;
    const at = (column, value) => log(column) ? Math.log10(Math.max(value, 0.001)) : value;
    const range = (column) => {
      const all = rows.map((row) => at(column, row[column]));
      return [Math.min(...all), Math.max(...all)];
    };
    const [xs, ys] = [range(state.x), range(state.y)];
    const place = (value, [low, high], from, to) => from + (to - from) * (high > low ? (value - low) / (high - low) : 0.5);
    const svg = drawn("svg", { viewBox: "0 0 360 270", role: "img", fill: "currentColor", "font-size": "12",
      "aria-label": `${data.columns[state.y]} against ${data.columns[state.x]}; the table above has the same numbers` });
    svg.append(drawn("path", { d: "M46 14V226H350", fill: "none", stroke: "currentColor", "stroke-opacity": 0.5 }));
    svg.append(drawn("text", { x: 198, y: 262, "text-anchor": "middle" }, data.columns[state.x] + (log(state.x) ? " (logarithmic)" : "")));
    svg.append(drawn("text", { x: 14, y: 120, "text-anchor": "middle", transform: "rotate(-90 14 120)" }, data.columns[state.y] + (log(state.y) ? " (logarithmic)" : "")));
    for (const [column, ends, side] of [[state.x, xs, "x"], [state.y, ys, "y"]]) {
      ends.forEach((end, i) => {
        const text = written(log(column) ? 10 ** end : end, column);
        svg.append(side === "x"
          ? drawn("text", { x: i ? 350 : 46, y: 242, "text-anchor": i ? "end" : "start" }, text)
          : drawn("text", { x: 42, y: i ? 24 : 224, "text-anchor": "end", "font-size": 10 }, text));
      });
    }
    systems.forEach((system, i) => {
      const [x, y] = [place(at(state.x, rows[i][state.x]), xs, 56, 340), place(at(state.y, rows[i][state.y]), ys, 216, 24)];
      const chosen = i === state.a || i === state.b;
      const dot = drawn("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: chosen ? 6 : 4, fill: i === state.a ? "#d9480f" : i === state.b ? "#2f7de1" : "#868e96" });
      dot.append(drawn("title", {}, system.title));
      svg.append(dot);
      if (chosen) svg.append(drawn("text", { x: x > 200 ? x - 9 : x + 9, y: y + (i === state.a ? -6 : 14), "text-anchor": x > 200 ? "end" : "start", "font-weight": 600 }, system.title));
    });
    return svg;
  }

  const names = systems.map((system) => `${system.title} (${system.name})`);
  const body = element("div", { class: "board-scroll", tabindex: 0, role: "region", "aria-label": "All systems" });
  const said = element("p", { role: "status", id: "board-said" });
  const plot = element("div", { id: "board-plot" });

  function show() {
    const top = body.scrollTop;
    body.replaceChildren(table());
    body.scrollTop = top;
    said.textContent = comparison();
    plot.replaceChildren(figure());
  }

  root.append(
    element("p", {}, ...choice("group", "Listeners", ["all", ...data.groups], -1)),
    body,
    element("p", {}, ...choice("a", "Compare", names), ...choice("b", "with", names)),
    said,
    element("p", {}, ...choice("x", "Across", data.columns), ...choice("y", "Up", data.columns)),
    plot,
  );
  show();
  root.hidden = false;
})();
