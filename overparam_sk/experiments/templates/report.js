// A link to what is folded unfolds it, also in browsers that do not by themselves.
function unfold() {
  const target = document.getElementById(location.hash.slice(1));
  if (!target) return;
  for (let at = target; at; at = at.parentElement) {
    if (at instanceof HTMLDetailsElement) at.open = true;
  }
  target.scrollIntoView();
}
addEventListener("hashchange", unfold);
addEventListener("load", unfold);
// A link to where one is already changes no hash.
addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  if (link && link.getAttribute("href") === location.hash) unfold();
});
