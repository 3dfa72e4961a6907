/** Where Cockpit's shell keeps the user's choice: `light`, `dark` or `auto`. */
const CHOICE = "shell:style";

/** The class that Cockpit's own pages have in the dark. Our style sheet follows it. */
const DARK = "pf-v6-theme-dark";

/** Follows the theme of Cockpit, and that of the system where the user left it to that. Tells of every change. */
export function followTheme(onChange: () => void): void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const settle = (choice: string | null) => {
    const dark = choice === "dark" || (choice !== "light" && system.matches);
    document.documentElement.classList.toggle(DARK, dark);
    onChange();
  };
  const settleAsKept = () => settle(localStorage.getItem(CHOICE));
  system.addEventListener("change", settleAsKept);
  window.addEventListener("storage", settleAsKept);
  // The shell tells its own frames so, because a page's own change of the storage is no event.
  window.addEventListener("cockpit-style", (event) => {
    const choice: unknown = event instanceof CustomEvent ? event.detail?.style : undefined;
    settle(typeof choice === "string" ? choice : localStorage.getItem(CHOICE));
  });
  settleAsKept();
}
