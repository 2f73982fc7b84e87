// The server's plain HTTP calls. Every answer becomes {ok, status, msg, ...}; no call throws.

import { UNREACHABLE, failedWith } from '../messages.js';

/**
 * An answer, with fields of its own where the call was done.
 * @template [T=unknown]
 * @typedef {({ok: true} & T | {ok: false}) & {status: number, msg: string}} Answer
 */

const CALL_MS_MAX = 20_000;
const UPLOAD_MS_MAX = 120_000;

/** @returns {Promise<Answer<import('../../types/wire').Me>>} */
export const me = () => call('GET', '/me');
/** @param {string} username @param {string} password @returns {Promise<Answer>} */
export const register = (username, password) => call('POST', '/register', { username, password });
/** @param {string} username @param {string} password @returns {Promise<Answer>} */
export const login = (username, password) => call('POST', '/login', { username, password });
/** @returns {Promise<Answer>} */
export const logout = () => call('POST', '/logout', {});

/** @returns {Promise<Answer<import('../../types/wire').Sessions>>} */
export const sessions = () => call('GET', '/sessions');
/** @param {string} id @returns {Promise<Answer>} */
export const endSession = (id) => call('DELETE', `/sessions/${encodeURIComponent(id)}`);
/** @param {string} old @param {string} next @returns {Promise<Answer>} */
export const changePassword = (old, next) => call('POST', '/password', { old, new: next });

/**
 * Uploads a picture. It uses XMLHttpRequest because fetch does not report upload progress.
 * @param {Blob} picture
 * @param {(share: number) => void} onProgress from 0 to 1
 * @returns {Promise<Answer<import('../../types/wire').NewAvatar>>}
 */
export function putAvatar(picture, onProgress) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open('PUT', '/avatar');
    request.responseType = 'json';
    request.timeout = UPLOAD_MS_MAX;
    request.setRequestHeader('Content-Type', picture.type);
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    request.onload = () => resolve(answerOf(request.status, request.response));
    request.onerror = request.ontimeout = () => resolve({ ok: false, status: 0, msg: UNREACHABLE });
    request.send(picture);
  });
}

/**
 * @template T
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<Answer<T>>}
 */
async function call(method, path, body) {
  try {
    const response = await fetch(path, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(CALL_MS_MAX),
      headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return answerOf(response.status, await response.json().catch(() => ({})));
  } catch {
    return { ok: false, status: 0, msg: UNREACHABLE };
  }
}

/** @param {number} status @param {any} answer the body @returns {Answer<any>} */
function answerOf(status, answer) {
  const done = status >= 200 && status < 300;
  const msg = typeof answer?.msg === 'string' ? answer.msg : done ? '' : failedWith(status);
  return { ...answer, ok: done && answer?.ok !== false, status, msg };
}
