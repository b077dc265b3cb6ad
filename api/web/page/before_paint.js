// What must be known before the first paint, for which a module would come too late: whether the
// reader chose dark or light, and whether there is a finger to touch with.
"use strict";
document.documentElement.classList.toggle("has-touch", navigator.maxTouchPoints > 0);
try {
  const chosen = localStorage.getItem("celshade/theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage is forbidden here: the system's own choice stands.
}
