// Keeps a list of elements in step with a list of items. Each key has one element, which is moved
// rather than made again.

/**
 * @template T
 * @param {HTMLElement} parent
 * @param {(item: T) => HTMLElement} create makes the element of an item
 * @param {(node: HTMLElement, item: T) => void} update brings it to a changed item
 * @param {(a: T, b: T) => boolean} same whether an update would change nothing
 * @returns {(items: (T & {key: string})[]) => void}
 */
export function createKeyedList(parent, create, update, same) {
  /** @type {Map<string, {node: HTMLElement, item: T}>} */
  let rows = new Map();
  return (items) => {
    const next = new Map();
    for (const item of items) {
      let row = rows.get(item.key);
      if (!row) {
        row = { node: create(item), item };
        update(row.node, item);
      } else if (!same(row.item, item)) update(row.node, item);
      next.set(item.key, { node: row.node, item });
    }
    for (const [key, row] of rows) if (!next.has(key)) row.node.remove();
    let at = parent.firstElementChild;
    for (const { node } of next.values()) {
      if (node === at) at = node.nextElementSibling;
      else parent.insertBefore(node, at);
    }
    rows = next;
  };
}
