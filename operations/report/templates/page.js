for (const all of document.querySelectorAll("[data-unfold]")) {
  all.hidden = false;
  all.addEventListener("click", () => {
    const folds = document.querySelectorAll(`#${all.dataset.unfold} details`);
    const open = [...folds].some((fold) => !fold.open);
    for (const fold of folds) fold.open = open;
    all.textContent = open ? "Fold all" : "Unfold all";
  });
}
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((fold) => { fold.open = true; }));
