"use strict";
(() => {
  const form = document.getElementById("filter");
  if (!form) return;
  const list = document.getElementById("findings");
  const findings = Array.from(list.querySelectorAll("article"), (element) => ({
    element,
    home: element.parentElement,
    details: element.querySelector("details"),
    text: element.querySelector("summary").textContent.toLowerCase(),
  }));
  const byPattern = Array.from(list.children);
  const status = form.querySelector("[role=status]");
  const fields = ["pattern", "rule", "package", "confidence", "repair"];

  function apply() {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = fields.filter((name) => form.elements[name].value);
    let shown = 0;
    for (const { element, text } of findings) {
      const fits =
        wanted.every((name) => element.dataset[name] === form.elements[name].value) &&
        words.every((word) => text.includes(word));
      element.hidden = !fits;
      shown += fits;
    }
    for (const group of list.querySelectorAll(".group")) {
      group.hidden = !group.querySelector("article:not([hidden])");
    }
    status.textContent = `${shown} of ${findings.length} shown`;
  }

  function regroup() {
    if (form.elements.group.value === "pattern") {
      for (const { element, home } of findings) home.append(element);
      list.replaceChildren(...byPattern);
      return;
    }
    const packages = new Map();
    for (const { element } of findings) {
      const name = element.dataset.package;
      if (!packages.has(name)) packages.set(name, []);
      packages.get(name).push(element);
    }
    const sections = Array.from(packages.keys()).sort().map((name) => {
      const section = document.createElement("section");
      const heading = document.createElement("h2");
      const count = document.createElement("span");
      section.className = "group";
      count.className = "count";
      count.textContent = packages.get(name).length;
      heading.append(name, " ", count);
      section.append(heading, ...packages.get(name));
      return section;
    });
    list.replaceChildren(...sections);
  }

  function setAll(open) {
    for (const { element, details } of findings) if (!element.hidden) details.open = open;
  }

  function showTarget() {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    const details = target && target.matches("article") && target.querySelector("details");
    if (details) details.open = true;
  }

  form.addEventListener("input", apply);
  form.addEventListener("change", (event) => {
    if (event.target.name === "group") regroup();
    apply();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => { regroup(); apply(); }));
  for (const button of form.querySelectorAll("[data-open]")) {
    button.addEventListener("click", () => setAll(Boolean(button.dataset.open)));
  }
  for (const link of document.querySelectorAll("a[data-package]")) {
    link.addEventListener("click", () => {
      form.elements.package.value = link.dataset.package;
      apply();
    });
  }
  addEventListener("hashchange", showTarget);
  addEventListener("beforeprint", () => setAll(true));
  form.hidden = false;
  apply();
  showTarget();
})();
