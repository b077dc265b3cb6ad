// Before and after in one frame, divided by a line that mouse, touch and keyboard move; and the way
// nearer to the pixels. Both pictures lie in the same place, whatever their own sizes.

import { make } from "./dom.js";
import { label } from "./i18n.js";

const MOST_ZOOM = 16; // device pixels for one of the picture's
const STEP = 1.5;
const WHEEL_STEP = 1.0015;
const PIXELATED_FROM = 2; // from here on single pixels are meant to be seen

/** A comparison: `node` goes into the page, `show` fills it. */
export class Compare {
  #before = make("img.compare-before", { alt: "", draggable: false });
  #after = make("img.compare-after", { alt: "", draggable: false });
  #beforeLayer = make("div.compare-layer", {}, this.#before);
  #afterLayer = make("div.compare-layer", {}, this.#after);
  #handle = make("div.compare-handle", { aria: { hidden: "true" } }, make("span.compare-grip"));
  #range = make("input.compare-range", { type: "range", min: 0, max: 100, step: 1, value: 50 });
  #stage = make("div.compare-stage");
  #picture = { width: 4, height: 3 };
  #view = { zoom: null, x: 0, y: 0 }; // zoom null: fitted; x, y: the picture's middle from the stage's
  #pointers = new Map();
  #drag = null;
  #canZoom;

  constructor({ canZoom = false, onZoom = () => {} } = {}) {
    this.#canZoom = canZoom;
    this.onZoom = onZoom;
    this.#stage.append(this.#afterLayer, this.#beforeLayer, this.#handle, this.#range);
    this.#stage.classList.toggle("can-zoom", canZoom);
    label(this.#range, "compare.divider", null, { title: false });
    this.#range.addEventListener("input", () => this.#lay());
    this.#listen();
    new ResizeObserver(() => this.#lay()).observe(this.#stage);
    this.node = this.#stage;
  }

  /** Show two pictures of these sides; an address that is null leaves that one out. */
  show({ before, after, width, height, opacity = 1 }) {
    this.#picture = { width: width || 4, height: height || 3 };
    setSource(this.#before, before);
    setSource(this.#after, after);
    // Behind a cartoon that is not at full strength its photo shows through.
    setSource(this.#under, opacity < 1 ? before : null);
    this.#after.style.opacity = opacity;
    this.#stage.classList.toggle("has-both", Boolean(before && after));
    this.#lay();
  }

  #under = (() => {
    const image = make("img.compare-under", { alt: "", draggable: false });
    this.#afterLayer.prepend(image);
    return image;
  })();

  /** Pictures that may fail to load: both of them. */
  get images() {
    return { before: this.#before, after: this.#after };
  }

  /** Where the line stands, per cent of what is seen of the picture. */
  get divider() {
    return Number(this.#range.value);
  }

  set divider(value) {
    this.#range.value = value;
    this.#lay();
  }

  /** Show the whole picture. */
  fit() {
    this.#view = { zoom: null, x: 0, y: 0 };
    this.#lay();
  }

  /** Show one of the picture's pixels on one of the screen's. */
  showPixels() {
    this.#zoomTo(1);
  }

  zoomIn() {
    this.#zoomTo(this.#zoom() * STEP);
  }

  zoomOut() {
    this.#zoomTo(this.#zoom() / STEP);
  }

  /** Device pixels for one of the picture's. */
  #zoom() {
    return this.#view.zoom ?? this.#fitted();
  }

  #fitted() {
    const { clientWidth, clientHeight } = this.#stage;
    const css = Math.min(clientWidth / this.#picture.width, clientHeight / this.#picture.height);
    return css * devicePixelRatio;
  }

  #zoomTo(wanted, at = { x: 0, y: 0 }) {
    if (!this.#canZoom) return;
    const before = this.#zoom();
    const fitted = this.#fitted();
    const zoom = Math.min(MOST_ZOOM, Math.max(Math.min(fitted, 1), wanted));
    if (Math.abs(zoom - fitted) < 0.001) return void this.fit();
    const grown = zoom / before;
    const { x, y } = this.#view;
    this.#view = { zoom, x: at.x - (at.x - x) * grown, y: at.y - (at.y - y) * grown };
    this.#lay();
  }

  #lay() {
    const { clientWidth: width, clientHeight: height } = this.#stage;
    if (!width || !height) return;
    const css = this.#zoom() / devicePixelRatio;
    const drawn = { width: this.#picture.width * css, height: this.#picture.height * css };
    this.#view.x = held(this.#view.x, drawn.width - width);
    this.#view.y = held(this.#view.y, drawn.height - height);
    const left = (width - drawn.width) / 2 + this.#view.x;
    const top = (height - drawn.height) / 2 + this.#view.y;
    for (const image of [this.#before, this.#after, this.#under]) {
      image.style.width = `${drawn.width}px`;
      image.style.height = `${drawn.height}px`;
      image.style.transform = `translate(${left}px, ${top}px)`;
    }
    const seen = [Math.max(0, left), Math.min(width, left + drawn.width)];
    const at = seen[0] + ((seen[1] - seen[0]) * this.divider) / 100;
    this.#beforeLayer.style.clipPath = `inset(0 ${Math.max(0, width - at)}px 0 0)`;
    this.#handle.style.transform = `translateX(${at}px)`;
    this.#stage.classList.toggle("is-pixelated", this.#zoom() >= PIXELATED_FROM);
    this.#stage.classList.toggle("is-zoomed", this.#isLarger(drawn));
    this.onZoom(this.#zoom(), this.#view.zoom === null);
  }

  #isLarger({ width, height }) {
    return width > this.#stage.clientWidth + 1 || height > this.#stage.clientHeight + 1;
  }

  #listen() {
    const stage = this.#stage;
    stage.addEventListener("pointerdown", (event) => this.#press(event));
    stage.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) {
      stage.addEventListener(end, (event) => this.#release(event));
    }
    if (!this.#canZoom) return;
    stage.addEventListener("dblclick", (event) => {
      if (this.#view.zoom === null) this.#zoomTo(Math.max(1, this.#fitted() * 2), this.#from(event));
      else this.fit();
    });
    const onWheel = (event) => {
      event.preventDefault();
      this.#zoomTo(this.#zoom() * WHEEL_STEP ** -event.deltaY, this.#from(event));
    };
    stage.addEventListener("wheel", onWheel, { passive: false });
  }

  #press(event) {
    if (event.button !== 0) return;
    event.preventDefault(); // the range below would jump
    this.#range.focus({ preventScroll: true });
    this.#stage.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, event);
    const zoomed = this.#stage.classList.contains("is-zoomed");
    const onHandle = Math.abs(event.clientX - this.#handle.getBoundingClientRect().x) < 24;
    if (this.#pointers.size === 2) this.#drag = { pinch: this.#spread(), zoom: this.#zoom() };
    else if (zoomed && !onHandle) this.#drag = { x: event.clientX, y: event.clientY, view: { ...this.#view } };
    else {
      this.#drag = { divider: true };
      this.#divideAt(event);
    }
  }

  #move(event) {
    if (!this.#pointers.has(event.pointerId)) return;
    this.#pointers.set(event.pointerId, event);
    if (this.#drag?.divider) this.#divideAt(event);
    else if (this.#drag?.pinch) {
      this.#zoomTo((this.#drag.zoom * this.#spread()) / this.#drag.pinch, this.#from(this.#middle()));
    } else if (this.#drag?.view) {
      const { view, x, y } = this.#drag;
      this.#view = { ...view, x: view.x + event.clientX - x, y: view.y + event.clientY - y };
      this.#lay();
    }
  }

  #release(event) {
    this.#pointers.delete(event.pointerId);
    if (!this.#pointers.size) this.#drag = null;
    else if (this.#drag?.pinch) this.#drag = {};
  }

  #divideAt(event) {
    const stage = this.#stage.getBoundingClientRect();
    const picture = this.#after.getBoundingClientRect();
    const left = Math.max(stage.left, picture.left);
    const right = Math.min(stage.right, picture.right);
    this.divider = ((event.clientX - left) / (right - left || 1)) * 100;
  }

  #spread() {
    const [one, other] = this.#pointers.values();
    return Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
  }

  #middle() {
    const [one, other] = this.#pointers.values();
    return {
      clientX: (one.clientX + other.clientX) / 2,
      clientY: (one.clientY + other.clientY) / 2,
    };
  }

  /** A point of the screen as seen from the stage's middle. */
  #from({ clientX, clientY }) {
    const { left, top, width, height } = this.#stage.getBoundingClientRect();
    return { x: clientX - left - width / 2, y: clientY - top - height / 2 };
  }
}

/** A shift that leaves no empty rim where the picture is larger than the stage by so much. */
function held(shift, excess) {
  const most = Math.max(0, excess / 2);
  return Math.min(most, Math.max(-most, shift));
}

function setSource(image, url) {
  image.hidden = !url;
  if (!url) image.removeAttribute("src");
  else if (image.getAttribute("src") !== url) image.src = url;
}
