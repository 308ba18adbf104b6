/* The leaderboard that answers: sort it, choose metric, protocol and listeners, compare two systems, choose the axes of a figure.
   Without this script the page keeps its plain tables. */
(function () {
  "use strict";

  const root = document.getElementById("board");
  const data = window.musicrecBoard;
  if (!root || !data) return;

  const SVG = "http://www.w3.org/2000/svg";
  const LOWER_IS_BETTER = "Seconds to fit and answer";
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const group = bytes(data.group);
  const n = group.length;

  /* What each listener got, in whole steps; several small numbers may share a byte, the first counting least. */
  function unpacked({ packed, steps, together }) {
    const found = new Uint8Array(data.systems.length * n);
    bytes(packed).forEach((byte, place) => {
      for (let rest = byte, at = place * together; at < (place + 1) * together && at < found.length; at += 1) {
        found[at] = rest % (steps + 1);
        rest = Math.floor(rest / (steps + 1));
      }
    });
    return found;
  }

  const metrics = data.listeners.map((metric) => ({ ...metric, name: data.columns[metric.column], flat: unpacked(metric) }));
  const systems = data.systems.map((system, row) => ({ ...system, each: metrics.map((metric) => metric.flat.subarray(row * n, (row + 1) * n)) }));
  const state = { metric: 0, protocol: -1, group: -1, sort: 0, down: true, a: 0, b: Math.min(1, systems.length - 1), x: 3, y: 0 };

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
      if (key === "metric") [state.sort, state.down, state.y] = [metrics[state.metric].column, true, metrics[state.metric].column];
      if (key === "metric") document.getElementById("board-y").value = state.y;
      show();
    });
    return [element("label", { for: select.id }, label), select];
  }

  const standing = () => systems.filter((system) => state.protocol < 0 || system.protocol === state.protocol);
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

  /* The columns of a system: those that are known of each listener follow the chosen group. */
  function values(system) {
    const found = [...system.values];
    if (state.group >= 0) {
      metrics.forEach((metric, i) => {
        found[metric.column] = over((user) => system.each[i][user] / metric.steps).mean;
      });
    }
    return found;
  }

  const written = (value, column) => column === data.columns.length - 1 ? value.toFixed(1) : column === 4 ? value.toFixed(2) : value.toFixed(4);

  function table() {
    const rows = standing().map((system) => ({ system, values: values(system) }));
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
    const metric = metrics[state.metric];
    const step = (user) => a.each[state.metric][user] - b.each[state.metric][user];
    const found = over((user) => step(user) / metric.steps);
    const better = over((user) => step(user) > 0 ? 1 : 0);
    const worse = over((user) => step(user) < 0 ? 1 : 0);
    const signed = (value) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(4);
    const [low, high] = [found.mean - 1.96 * found.error, found.mean + 1.96 * found.error];
    const times = (share) => Math.round(share.mean * share.count).toLocaleString("en");
    return `${a.title} minus ${b.title}: ${signed(found.mean)} ${metric.name} (95 % interval ${signed(low)} to ${signed(high)}). ` +
      `Of ${found.count.toLocaleString("en")} listeners it is better for ${times(better)} and worse for ${times(worse)}.` +
      (a.protocol === b.protocol ? "" : " Only one of the two was fitted on the validation listens too.");
  }

  function figure() {
    const shown = standing();
    const rows = shown.map(values);
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
    shown.forEach((system, i) => {
      const [x, y] = [place(at(state.x, rows[i][state.x]), xs, 56, 340), place(at(state.y, rows[i][state.y]), ys, 216, 24)];
      const [isA, isB] = [system === systems[state.a], system === systems[state.b]];
      const chosen = isA || isB;
      const dot = drawn("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: chosen ? 6 : 4, fill: isA ? "#d9480f" : isB ? "#2f7de1" : "#868e96" });
      dot.append(drawn("title", {}, system.title));
      svg.append(dot);
      if (chosen) svg.append(drawn("text", { x: x > 200 ? x - 9 : x + 9, y: y + (isA ? -6 : 14), "text-anchor": x > 200 ? "end" : "start", "font-weight": 600 }, system.title));
    });
    return svg;
  }

  const names = systems.map((system) => `${system.title} (${system.name})`);
  const body = element("div", { class: "board-scroll", tabindex: 0, role: "region", "aria-label": "All systems" });
  const said = element("p", { role: "status", id: "board-said" });
  const part = element("p", {}, `${metrics.map((metric) => metric.name).join(" and ")} are of the chosen listeners, the other columns of all.`);
  const plot = element("div", { id: "board-plot" });

  function show() {
    const top = body.scrollTop;
    body.replaceChildren(table());
    body.scrollTop = top;
    part.hidden = state.group < 0;
    said.textContent = comparison();
    plot.replaceChildren(figure());
  }

  root.append(
    element("p", {},
      ...choice("metric", "Metric", metrics.map((metric) => metric.name)),
      ...choice("group", "Listeners", ["all", ...data.groups], -1),
      ...(data.protocols.length > 1 ? choice("protocol", "Fitted on", ["either", ...data.protocols], -1) : [])),
    body,
    part,
    element("p", {}, ...choice("a", "Compare", names), ...choice("b", "with", names)),
    said,
    element("p", {}, ...choice("x", "Across", data.columns), ...choice("y", "Up", data.columns)),
    plot,
  );
  show();
  root.hidden = false;
})();
