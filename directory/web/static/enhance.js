// Makes the pages faster, never possible: without this file every form and link works as it stands.
import { combobox } from "./combobox.js";

const WAIT = 400; // ms after the last tick before the count on the button is asked for
const finder = document.querySelector("[data-finder]");

for (const form of document.querySelectorAll("form[data-ask]")) {
  // Empty fields do not belong into the address.
  form.addEventListener("formdata", ({ formData }) => {
    for (const [name, value] of [...formData]) if (value === "") formData.delete(name);
  });
  combobox(form, questionOf);
}

// A page from the browser's memory shows boxes as they were ticked, not as its address says.
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) for (const form of document.querySelectorAll("form[data-ask]")) form.reset();
});

/** The question that a form asks, as arguments of the address. */
function questionOf(form) {
  return new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, String(value)]));
}

if (finder) {
  const form = finder.querySelector("form");
  const status = finder.querySelector("[data-status]");
  const part = (root, name) => root.querySelector(`[data-part="${name}"]`);
  let counting, timer, loading;

  // Ticking a box only counts; nothing is searched before the button is pressed, and the page says so beside the results.
  form.addEventListener("change", ({ target }) => {
    if (target.type !== "checkbox") return;
    mark();
    label("Apply filters");
    clearTimeout(timer);
    timer = setTimeout(preview, WAIT);
  });

  // Filters fold on a phone and scroll on a desk: whoever ticks must see that the results are not yet those.
  addEventListener("pageshow", mark);

  /** Boxes that differ from the address. */
  const pending = () => [...form.querySelectorAll("input[type=checkbox]")].filter((box) => box.checked !== box.defaultChecked);

  function mark() {
    const changed = pending().length > 0;
    finder.toggleAttribute("data-pending", changed);
    for (const hint of finder.querySelectorAll("[data-changed]")) hint.hidden = !changed;
  }

  function label(text) {
    for (const button of finder.querySelectorAll("[data-apply]")) button.textContent = text;
  }

  async function preview() {
    counting?.abort();
    counting = new AbortController();
    try {
      const question = questionOf(form);
      question.set("limit", "1");
      const answer = await fetch(`/api/v1/mentors?${question}`, { signal: counting.signal });
      if (!answer.ok) return;
      const { total } = await answer.json();
      const text = total ? `Show ${total.toLocaleString("en-US")} ${total === 1 ? "mentor" : "mentors"}` : "Apply filters (0 mentors)";
      label(text);
      status.textContent = pending().length ? `Filters changed: press ${text}` : "";
    } catch {
      // the button stays without a count
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const question = questionOf(form).toString();
    load(question ? `/mentors?${question}` : "/mentors", { focus: focusHeading });
  });

  finder.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const address = new URL(link.href);
    if (address.origin !== location.origin || address.pathname !== "/mentors") return;
    event.preventDefault();
    const chips = [...finder.querySelectorAll(".results .chip")];
    const at = chips.indexOf(link);
    load(withTicks(address).href, { focus: at < 0 ? focusHeading : () => (finder.querySelectorAll(".results .chip")[at] ?? heading()).focus() });
  });

  /** The address of a link with the ticks that were not applied yet; "Clear all" clears them too. */
  function withTicks(address) {
    if (!address.search) return address;
    for (const { name, value, checked } of pending()) {
      if (checked) address.searchParams.append(name, value);
      else address.searchParams.delete(name, value);
    }
    if (pending().length) address.searchParams.delete("cursor");
    return address;
  }

  // An entry of the history that this page made: show what its address says. A jump within the page is none.
  let shown = location.search;
  addEventListener("popstate", () => {
    if (location.pathname === "/mentors" && location.search !== shown) load(location.href, { push: false });
  });

  const heading = () => finder.querySelector("#results");

  function focusHeading() {
    heading().focus({ preventScroll: true });
    heading().scrollIntoView({ block: "start" });
  }

  /** Fetch the whole page of an address and put its parts in place; whatever goes wrong becomes an ordinary visit. */
  async function load(address, { push = true, focus = () => {} }) {
    clearTimeout(timer);
    counting?.abort();
    loading?.abort();
    loading = new AbortController();
    const { signal } = loading;
    const results = part(finder, "results");
    results.setAttribute("aria-busy", "true");
    status.textContent = "Searching…";
    try {
      const answer = await fetch(address, { signal, headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!answer.ok || !part(page, "results")) throw new Error(String(answer.status));
      if (push) history.pushState(null, "", address);
      shown = location.search;
      show(page);
      focus();
      status.textContent = heading().textContent;
    } catch (error) {
      if (signal.aborted) return;
      location.assign(address);
    }
  }

  function show(page) {
    const filters = part(finder, "filters");
    const open = new Map([...filters.querySelectorAll("details[data-facet]")].map((facet) => [facet.dataset.facet, facet.open]));
    const fresh = part(page, "filters");
    fresh.open = filters.open;
    for (const facet of fresh.querySelectorAll("details[data-facet]")) facet.open = open.get(facet.dataset.facet) ?? facet.open;
    for (const name of ["offered", "filters", "results"]) part(finder, name).replaceWith(document.adoptNode(part(page, name)));
    const typed = page.querySelector("#q").defaultValue;
    const input = form.querySelector("#q");
    input.defaultValue = typed;
    input.value = typed;
    document.title = page.title;
    mark();
    const robots = document.querySelector('meta[name="robots"]');
    if (!robots) document.head.append(...page.querySelectorAll('meta[name="robots"]'));
  }
}
