// What the page remembers in the browser. Where that is forbidden it forgets with the page.

const PREFIX = "celshade/";

function open(kind) {
  try {
    const storage = window[kind];
    storage.setItem(`${PREFIX}probe`, "1");
    storage.removeItem(`${PREFIX}probe`);
    return storage;
  } catch {
    return forgetful();
  }
}

function forgetful() {
  const held = new Map();
  return {
    getItem: (name) => held.get(name) ?? null,
    setItem: (name, text) => void held.set(name, text),
    removeItem: (name) => void held.delete(name),
    key: (index) => [...held.keys()][index] ?? null,
    get length() {
      return held.size;
    },
  };
}

class Shelf {
  #storage;

  constructor(storage) {
    this.#storage = storage;
  }

  /** A value, or null when there is none or it cannot be read. */
  get(name) {
    try {
      return JSON.parse(this.#storage.getItem(PREFIX + name) ?? "null");
    } catch {
      return null;
    }
  }

  set(name, value) {
    try {
      this.#storage.setItem(PREFIX + name, JSON.stringify(value));
    } catch {
      // Full: what is on the page goes on, and does not survive a reload.
    }
  }

  text(name) {
    return this.#storage.getItem(PREFIX + name);
  }

  setText(name, text) {
    if (text) this.#storage.setItem(PREFIX + name, text);
    else this.#storage.removeItem(PREFIX + name);
  }

  remove(name) {
    this.#storage.removeItem(PREFIX + name);
  }

  /** The rest of every name that begins so. */
  names(start) {
    const whole = PREFIX + start;
    const all = Array.from({ length: this.#storage.length }, (_, i) => this.#storage.key(i));
    return all.filter((name) => name?.startsWith(whole)).map((name) => name.slice(whole.length));
  }

  /** Call a function with the name and value of what another tab changed. */
  onChange(start, listener) {
    window.addEventListener("storage", (event) => {
      if (event.storageArea !== this.#storage || !event.key?.startsWith(PREFIX + start)) return;
      listener(event.key.slice((PREFIX + start).length), event.newValue && JSON.parse(event.newValue));
    });
  }
}

/** Stays when the browser is closed. */
export const kept = new Shelf(open("localStorage"));
/** Goes with the tab. */
export const passing = new Shelf(open("sessionStorage"));
