// Sets what the reader chose, dark or light, before the first paint: a module would come too late.
"use strict";
try {
  const chosen = localStorage.getItem("celshade/theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage is forbidden here: the system's own choice stands.
}
