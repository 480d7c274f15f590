// Suggestions while typing, as the ARIA pattern "editable combobox with list autocomplete": the focus never leaves the field.

const WAIT = 150; // ms after the last key
const LEAST = 2; // letters

const addressOf = {
  mentor: ({ key }) => `/mentors/${encodeURIComponent(key)}`,
};

/** Give the question field of `form` a list of suggestions; `questionOf` reads the filters that stay in force. */
export function combobox(form, questionOf) {
  const input = form.querySelector("input[type=search]");
  const list = document.createElement("ul");
  const status = document.createElement("p");
  let items = [];
  let active = -1;
  let timer, asking;

  Object.assign(list, { id: `${input.id}-list`, className: "suggest", hidden: true });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  status.className = "vh";
  status.setAttribute("role", "status");
  input.after(list);
  form.append(status);
  const attributes = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id };
  for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);

  function close() {
    clearTimeout(timer);
    asking?.abort();
    list.hidden = true;
    list.replaceChildren();
    items = [];
    mark(-1);
    input.setAttribute("aria-expanded", "false");
  }

  function mark(at) {
    active = at;
    for (const [n, option] of [...list.children].entries()) option.setAttribute("aria-selected", String(n === at));
    if (at < 0) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", list.children[at].id);
    list.children[at].scrollIntoView({ block: "nearest" });
  }

  function go(item) {
    close();
    if (addressOf[item.kind]) return location.assign(addressOf[item.kind](item));
    const question = questionOf(form);
    question.delete("q");
    if (!question.getAll(item.kind).includes(item.key)) question.append(item.kind, item.key);
    location.assign(`/mentors?${question}`);
  }

  function show(found) {
    close();
    items = found;
    list.append(...found.map((item, n) => {
      const option = document.createElement("li");
      const name = document.createElement("span");
      const detail = document.createElement("small");
      Object.assign(option, { id: `${list.id}-${n}` });
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      name.textContent = item.label;
      detail.textContent = [item.detail, item.count != null ? item.count.toLocaleString("en-US") : ""].filter(Boolean).join(" · ");
      option.append(name, " ", detail);
      option.addEventListener("pointerdown", (event) => event.preventDefault());
      option.addEventListener("click", () => go(item));
      return option;
    }));
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(found.length > 0));
    status.textContent = found.length ? `${found.length} ${found.length === 1 ? "suggestion" : "suggestions"}` : "";
  }

  async function ask() {
    const typed = input.value.trim();
    if (typed.length < LEAST) return close();
    asking?.abort();
    asking = new AbortController();
    try {
      const answer = await fetch(`/api/v1/suggest?${new URLSearchParams({ q: typed.slice(0, 100) })}`, { signal: asking.signal });
      const found = answer.ok ? (await answer.json()).items.filter((item) => item.count !== 0) : [];
      if (document.activeElement === input && input.value.trim() === typed) show(found);
    } catch {
      close(); // no suggestions; the form still works
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  });
  input.addEventListener("blur", close);
  form.addEventListener("submit", close);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || list.hidden) return;
    const last = items.length - 1;
    if (event.key === "ArrowDown") mark(active < last ? active + 1 : 0);
    else if (event.key === "ArrowUp") mark(active > 0 ? active - 1 : last);
    else if (event.key === "Enter" && active >= 0) go(items[active]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
}
