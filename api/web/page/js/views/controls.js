// Controls that the look of new photos and that of one photo share: style cards, slider, choices.

import { make } from "../dom.js";
import { say } from "../i18n.js";
import { sampleOf } from "../samples.js";
import { styleWords } from "./wording.js";

let groups = 0;

/** A labelled slider; `onInput` hears every step, `onChange` where it was left. */
export function slider({ name, min, max, step, ends, format, onInput, onChange }) {
  const id = `slider-${(groups += 1)}`;
  const input = make("input.slider", { type: "range", id, min, max, step });
  const value = make("output.field-value", { htmlFor: id });
  const title = make("label", { htmlFor: id });
  say(title, name);
  const show = () => {
    const share = (input.value - min) / (max - min);
    input.style.setProperty("--filled", `${share * 100}%`);
    value.textContent = format(Number(input.value));
    input.setAttribute("aria-valuetext", value.textContent);
  };
  input.addEventListener("input", () => (show(), onInput?.(Number(input.value))));
  input.addEventListener("change", () => onChange?.(Number(input.value)));
  const node = make("div.field", {}, make("div.field-head", {}, title, value), input);
  if (ends) {
    const words = ends.map((end) => {
      const span = make("span");
      say(span, end);
      return span;
    });
    node.append(make("div.slider-ends", { aria: { hidden: "true" } }, ...words));
  }
  return {
    node,
    input,
    set(wanted) {
      if (document.activeElement !== input || Number(input.value) !== wanted) input.value = wanted;
      show();
    },
    show,
  };
}

/** One of a few: `options` are {value, text}. */
export function choices({ name, options, onChange }) {
  groups += 1;
  const legend = make("legend.field-head");
  say(legend, name);
  const group = `choices-${groups}`;
  const inputs = options.map(({ value }) => make("input", { type: "radio", name: group, value }));
  const bar = inputs.map((input, index) =>
    make("label.choice", {}, input, make("span", { textContent: options[index].text })),
  );
  for (const input of inputs) input.addEventListener("change", () => onChange(input.value));
  return {
    node: make("fieldset.field", {}, legend, make("div.choices", {}, ...bar)),
    set(wanted) {
      for (const input of inputs) input.checked = input.value === String(wanted);
    },
  };
}

/** Style cards, each with a sample; `onChange` hears a style's name. */
export function styleCards({ styles, onChange }) {
  groups += 1;
  const group = `styles-${groups}`;
  const legend = make("legend.field-head");
  say(legend, "settings.style");
  const inputs = new Map();
  const cards = styles.map((style) => {
    const input = make("input", { type: "radio", name: group, value: style.name });
    input.addEventListener("change", () => onChange(style.name));
    inputs.set(style.name, input);
    return make("label.style", { title: style.description }, input, card(style));
  });
  return {
    node: make("fieldset.field", {}, legend, make("div.styles", {}, ...cards)),
    set(name) {
      for (const [each, input] of inputs) input.checked = each === name;
    },
  };
}

function card(style) {
  const title = make("span");
  say(title, "said", { words: styleWords(style.name, style) });
  const words = make("span.style-name", {}, title);
  if (!style.workers.ready && !style.workers.starting) {
    const note = make("span.style-note");
    say(note, "settings.unmanned");
    words.append(note);
  }
  const blank = make("span.style-blank", { aria: { hidden: "true" }, textContent: [...style.title][0] ?? "" });
  const node = make("span.style-card", {}, blank, words);
  sampleOf(style).then((url) => {
    if (url) blank.replaceWith(make("img", { src: url, alt: "", width: 320, height: 240 }));
  });
  return node;
}
