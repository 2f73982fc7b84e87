// The server's plain HTTP calls. Every answer becomes {ok, status, msg, ...}; no call throws.

/** @typedef {{ok: boolean, status: number, msg: string, [field: string]: any}} Answer */

const UNREACHABLE = 'The server can\u2019t be reached. Check your connection and try again.';
const CALL_MS_MAX = 20_000;

/** @returns {Promise<Answer>} */
export const me = () => call('GET', '/me');
/** @param {string} username @param {string} password @returns {Promise<Answer>} */
export const register = (username, password) => call('POST', '/register', { username, password });
/** @param {string} username @param {string} password @returns {Promise<Answer>} */
export const login = (username, password) => call('POST', '/login', { username, password });
/** @returns {Promise<Answer>} */
export const logout = () => call('POST', '/logout', {});

/** @param {string} method @param {string} path @param {any} [body] @returns {Promise<Answer>} */
async function call(method, path, body) {
  try {
    const response = await fetch(path, {
      method, credentials: 'same-origin', cache: 'no-store', signal: AbortSignal.timeout(CALL_MS_MAX),
      headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const answer = await response.json().catch(() => ({}));
    const msg = typeof answer?.msg === 'string' ? answer.msg : response.ok ? '' : `The server could not do this (${response.status}). Try again in a moment.`;
    return { ...answer, ok: response.ok && answer?.ok !== false, status: response.status, msg };
  } catch {
    return { ok: false, status: 0, msg: UNREACHABLE };
  }
}
