// A sparkline: one figure over the last hour, drawn as SVG of our own.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 100;
const HEIGHT = 30;

function shape(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

/** Runs of values without a gap, as [[index, value], ...]. */
function runsOf(values) {
  const runs = [[]];
  values.forEach((value, index) => {
    if (value === null) runs.push([]);
    else runs.at(-1).push([index, value]);
  });
  return runs.filter((run) => run.length);
}

/**
 * Draw values from the left, the oldest, to the right; null leaves a gap. The ground is zero.
 *
 * @param {(number|null)[]} values
 * @param {number} most what the height stands for; at least the largest of the values
 */
export function sparkline(values, most = 0) {
  const svg = shape("svg", { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  const top = Math.max(most, ...values.map((value) => value ?? 0)) || 1;
  const x = (index) => ((index / Math.max(1, values.length - 1)) * WIDTH).toFixed(2);
  const y = (value) => (HEIGHT - (value / top) * (HEIGHT - 2)).toFixed(2);
  svg.append(shape("path", { class: "spark-ground", d: `M0 ${HEIGHT}H${WIDTH}` }));
  for (const run of runsOf(values)) {
    const points = run.map(([index, value]) => `${x(index)} ${y(value)}`);
    if (run.length === 1) {
      svg.append(shape("path", { class: "spark-dot", d: `M${points[0]}h0.01` }));
      continue;
    }
    const [first, last] = [run[0][0], run.at(-1)[0]];
    svg.append(
      shape("path", { class: "spark-area", d: `M${x(first)} ${HEIGHT}L${points.join("L")}L${x(last)} ${HEIGHT}Z` }),
      shape("path", { class: "spark-line", d: `M${points.join("L")}` }),
    );
  }
  return svg;
}
