// The inputs of the page's state: frames of the server, and what the user, the page's clock, its
// connection and other tabs do.

import type { Known } from '../js/cache.js';
import type { Unsent } from '../js/pending.js';
import type { Kept } from '../js/state/commands.js';
import type { Draft } from '../js/state/drafts.js';
import type { Message } from '../js/state/entries.js';
import type { Link, Me, Question } from '../js/state/initial.js';
import type { ServerFrame } from './wire';

export type Input = { frame: ServerFrame; now?: number } | Intent;

/** The data that the browser keeps for its owner. */
export type Restored = { drafts?: [string, Draft][]; messages?: Unsent[]; commands?: Kept[] };

/** A command that was just given. */
export type Given = Omit<Kept, 'status'>;

export type Intent = { [K in keyof Intents]: { intent: K } & Intents[K] }[keyof Intents];

/** The fields of each intent, by its name. */
export type Intents = {
  // The session and the connection.
  signedIn: { me: Me; known?: Known; kept?: Restored };
  restored: { kept: Restored };
  stranger: { username: string; message: string };
  signedOut: { notice?: string };
  me: { me: Me };
  link: { link: Link };
  asked: { id: string; question: Question };
  tick: { now: number };
  // The user's view.
  notice: { message?: string };
  open: { room: string };
  older: { room: string };
  newer: { room: string };
  jump: { room: string; seq: number };
  toEnd: { room: string };
  trim: { room: string; following: boolean };
  reload: { room: string };
  seen: { room: string; seq: number };
  away: {};
  // The user's text.
  write: { room: string; text: string };
  reply: { room: string; message: Message };
  edit: { room: string; message: Message };
  dismiss: { room: string };
  send: Unsent;
  retry: { room: string; nonce: string };
  discard: { room: string; nonce: string };
  withdraw: { room: string; nonce: string };
  command: { kept: Given };
  retryCommand: { key: string };
  discardCommand: { key: string };
  dropClosed: { room: string };
  // Other tabs.
  draftElsewhere: { room: string; draft: Draft | null };
  goneElsewhere: { nonce: string };
};

/** The fields that the view gives: the room is the open one where it names none. */
export type IntentFields<K extends keyof Intents> = Omit<Intents[K], 'room'> & { room?: string };
