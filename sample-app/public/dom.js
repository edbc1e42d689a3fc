/**
 * Makes an element. Text always goes in as text: nothing that a model writes becomes markup.
 *
 * @param {string} name
 * @param {Record<string, unknown>} properties
 * @param {...(Node | string)} children
 */
export function element(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

/**
 * Shows names and values in a description list.
 *
 * @param {HTMLElement} list
 * @param {Record<string, string | number>} entries
 */
export function describe(list, entries) {
  list.replaceChildren(
    ...Object.entries(entries).map(([name, value]) =>
      element('div', {}, element('dt', { textContent: name }), element('dd', { textContent: String(value) })),
    ),
  );
}

/** @param {number | undefined} ms */
export function formatMs(ms) {
  if (ms === undefined) return '–';
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}
