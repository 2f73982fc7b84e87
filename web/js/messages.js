// Every text that people see, in one place: sentence case, no full stop in buttons and labels, and
// the same sentence for the same situation. Texts of the server come with its frames. Pure.

/** @typedef {import('./state/closed.js').Removal} Removal */

export const APP_NAME = 'Chat';

// The connection and the session.

export const NOT_CONNECTED = 'You are not connected. Try again in a moment.';
export const UNREACHABLE = 'The server can’t be reached. Check your connection and try again.';
export const OPENING_FAILED = 'The server can’t be reached. Trying again…';
export const SIGNED_OUT = 'You were signed out. Sign in to continue.';
export const COOKIE_REFUSED =
  'Your browser did not keep the session. Allow cookies for this site and try again.';
export const OTHER_ACCOUNT_HERE =
  'Another account is signed in to this browser. Reload the page to continue.';
export const RELOAD_FOR_VERSION =
  'The server did not understand this page. Reload it to get the current version.';
export const RELOAD_TOO_BIG =
  'Something sent from this page was too big. Reload it and send less at a time.';
export const BANNED_FROM_SERVER =
  'You are banned from this server. Ask its admin if you think this is a mistake.';
export const OTHER_VERSION =
  'This page is older or newer than the server. Reload it to get the current version.';
export const PART_MISSING =
  'This part of the page can’t be loaded. Check your connection, then reload the page.';

/** @param {string} username */
export const otherAccount = (username) =>
  `This browser is now signed in as ${username}, so this tab sends nothing. ` +
  `Reload to continue as ${username}.`;

/** @param {string} username @param {string} before */
export const nowSignedInAs = (username, before) =>
  `This browser is signed in as ${username}, no longer as ${before}.`;

/** @param {string} reason */
export const stillSignedIn = (reason) => `You are still signed in. ${reason}`;

/** @param {number} status */
export const failedWith = (status) =>
  `The server could not do this (${status}). Try again in a moment.`;

export const STATUS = {
  connecting: 'Connecting…',
  dismiss: 'Dismiss',
  reload: 'Reload',
  tryNow: 'Try now',
  /** @param {number} seconds */
  lost: (seconds) => `Connection lost. Trying again in ${seconds} s.`,
};

// Messages and what waits to be sent.

export const MESSAGE_GONE = 'This message no longer exists.';
export const TOO_MUCH_WAITS = 'Too much is waiting to be sent. Try again when you are connected.';
export const LOG_CHANGED =
  'The server’s history was replaced. Check the room before you send this again.';
export const REMOVED_FROM = 'You are not in this room any more.';
export const EMPTY_MESSAGE = 'Write something first.';

/** @param {number} over */
export function tooLong(over) {
  const amount = over === 1 ? '1 character' : `${over.toLocaleString('en')} characters`;
  return `This message is ${amount} too long. Shorten it, or send it in parts.`;
}

export const COMPOSER = {
  form: 'New message',
  field: 'Message',
  send: 'Send',
  addEmoji: 'Add an emoji',
  cancel: 'Cancel',
  editing: 'Editing your message',
  copy: 'Copy text',
  close: 'Close room',
  discard: 'Discard and close',
  discardEdit: 'Discard your changes?',
  discardAction: 'Discard',
  split: 'Send in parts',
  noFiles: 'Files can’t be sent here yet.',
  /** @param {string} title */
  placeholder: (title) => `Message ${title}`,
  /** @param {string} name @param {string} text */
  replying: (name, text) => `Replying to ${name}: ${text}`,
  /** @param {string} until a time, or nothing */
  muted: (until) => `You are muted here${until ? ` until ${until}` : ''}. You can only read.`,
  /** @param {number} left */
  left: (left) => `${left} characters left`,
};

/**
 * Why the user is not in a room any more.
 * @param {Removal|null} removal
 * @param {string} room
 * @param {(ts: number) => string} [moment] how a time is written
 */
export function removedSentence(removal, room, moment) {
  const by = removal?.by ? ` by ${removal.by}` : '';
  const until = removal?.until && moment ? ` until ${moment(removal.until)}` : '';
  switch (removal?.event) {
    case 'kicked':
      return `You were removed from ${room}${by}.`;
    case 'banned':
      return `You were banned from ${room}${by}${until}.`;
    case 'left':
      return `You left ${room}.`;
    default:
      return `You are no longer in ${room}.`;
  }
}

export const COPIED = 'Copied.';
export const NOT_COPIED = 'The browser did not let the page copy this.';

// The timeline.

export const TIMELINE = {
  log: 'Messages',
  /** @param {string} title */
  logOf: (title) => `Messages in ${title}`,
  /** @param {number} unread */
  jump(unread) {
    if (unread === 0) return 'Jump to latest';
    return unread === 1 ? '1 new message' : `${unread} new messages`;
  },
};

// Dialogs.

export const DIALOG = { close: 'Close', cancel: 'Cancel', username: 'username' };

/** @param {number} count */
export const members = (count) => (count === 1 ? '1 member' : `${count} members`);

export const SIGN_OUT = {
  action: 'Sign out',
  question: 'Sign out?',
  /** @param {number} messages @param {number} drafts */
  unsent(messages, drafts) {
    const parts = [
      messages > 0 && (messages === 1 ? '1 unsent message' : `${messages} unsent messages`),
      drafts > 0 && (drafts === 1 ? '1 draft' : `${drafts} drafts`),
    ];
    return `You have ${parts.filter(Boolean).join(' and ')}. Signing out deletes what is unsent.`;
  },
};

export const ACCOUNT = {
  title: 'Your account',
  yours: 'Your account: ',
  displayName: 'Display name',
  change: 'Change',
  nameChanged: 'Your display name was changed.',
  picture: 'Picture (PNG, JPEG, WebP or GIF, 2 MiB at most)',
  uploading: 'Uploading the picture',
  notAPicture: 'Not an image. Choose a PNG, JPEG, WebP or GIF.',
  pictureTooLarge: 'This picture is larger than 2 MiB. Choose a smaller one.',
  pictureChanged: 'Your picture was changed.',
  theme: 'Theme',
  themes: { system: 'System', dark: 'Dark', light: 'Light' },
  password: 'Password',
  currentPassword: 'Current password',
  newPassword: 'New password',
  changePassword: 'Change password',
  passwordChanged: 'Your password was changed. You were signed out everywhere else.',
  allowNotifications: 'Notify me of mentions',
  notifications: {
    granted: 'You are notified of mentions and direct messages. Each room has its own setting.',
    denied: 'This browser blocks notifications. Allow them in its settings for this site.',
    default: '',
    none: 'This browser has no notifications, or offers them over HTTPS only.',
  },
};

export const SESSIONS = {
  title: 'Where you are signed in',
  loading: 'Loading…',
  end: 'End',
  current: 'this session',
  untilEnded: 'until you end it',
  /** @param {string} moment */
  used: (moment) => `last used ${moment}`,
  /** @param {string} moment */
  since: (moment) => `Since ${moment}`,
};

export const PERSON = {
  you: 'You',
  message: 'Message',
  block: 'Block',
  unblock: 'Unblock',
  online: 'online',
  offline: 'offline',
  moderation: 'Moderation',
  duration: 'Duration of a mute or ban',
  durations: ['Until it is lifted', 'For 10 minutes', 'For 1 hour', 'For 1 day', 'For 1 week'],
  roles: { member: 'Member', moderator: 'Moderator', owner: 'Owner' },
  mute: 'Mute',
  unmute: 'Unmute',
  remove: 'Remove from room',
  ban: 'Ban',
  thisServer: 'this server',
  /** @param {string} title */
  roleLabel: (title) => `Role in ${title}`,
  /** @param {string} role @param {string} room */
  roleIn: (role, room) => `${role} of ${room}`,
  /** @param {string} name @param {string} room */
  removeQuestion: (name, room) => `Remove ${name} from ${room}?`,
  /** @param {string} name @param {string} place */
  banQuestion: (name, place) => `Ban ${name} from ${place}?`,
};

export const BLOCKED = 'Blocked message';
/** @param {string} name */
export const blockedFrom = (name) => `${BLOCKED} from ${name}.`;
/** @type {Record<'block'|'unblock', (name: string) => string>} */
export const BLOCKS = {
  block: (name) => `${name} is blocked, and can’t invite you or write to you directly.`,
  unblock: (name) => `${name} is not blocked.`,
};
/** @type {Record<'unknown'|'needsName', (name: string) => string>} */
export const SLASH = {
  unknown: (name) => `There is no command /${name}. Write //${name} to send the text.`,
  needsName: (name) => `/${name} needs a username: /${name} bob`,
};
/** @param {string} name @param {string} room */
export const notificationTitle = (name, room) => `${name} in ${room}`;

export const ROOM = {
  topic: 'Topic',
  set: 'Set',
  topicSet: 'The topic was set.',
  invite: 'Invite',
  lift: 'Lift a ban or mute',
  liftAction: 'Lift',
  notifyLabel: 'Notifications',
  notify: { mentions: 'Mentions of me', all: 'Every message', none: 'None' },
  leave: 'Leave room',
  leaveAction: 'Leave',
  leavePrivate: 'You can come back only when somebody invites you.',
  leaveEmpty: 'You are its only member. The next one who joins will own it.',
  kinds: {
    public: 'Everyone can find and join it.',
    private: 'Only people who are invited can find it.',
    direct: 'Only the two of you can read it.',
  },
  roles: { member: 'a member', moderator: 'a moderator', owner: 'an owner' },
  /** @param {string} kind @param {number} count @param {string} role */
  about: (kind, count, role) => `${kind} ${members(count)}. You are ${role}.`,
  /** @param {string} username */
  invited: (username) => `${username} was invited.`,
  /** @param {string} username */
  unbanned: (username) => `${username} is not banned.`,
  /** @param {string} username */
  lifted: (username) => `${username} is neither banned nor muted.`,
  /** @param {string} name */
  leaveQuestion: (name) => `Leave ${name}?`,
  /** @param {string} name */
  left: (name) => `You left ${name}.`,
};

export const ROOMS = {
  title: 'Rooms',
  find: 'Find a room by its name',
  more: 'More',
  none: 'No public room has a name that begins like this.',
  open: 'Open',
  join: 'Join',
  create: 'Create a room',
  createAction: 'Create room',
  name: 'Name',
  nameRule: 'a–z, 0–9 and dashes',
  topic: 'Topic',
  topicHint: 'what it is about',
  private: 'Private: only people who are invited can find it',
};

export const SEARCH = {
  title: 'Search',
  action: 'Search',
  words: 'Words, or "a phrase"',
  where: 'In',
  everyRoom: 'Every room',
  from: 'From',
  anyone: 'anyone',
  more: 'More',
  searching: 'Searching…',
  /** @param {string} title */
  onlyIn: (title) => `Only ${title}`,
  /** @param {number} count @param {boolean} isMore */
  found(count, isMore) {
    if (count === 0 && !isMore) return 'Nothing was found.';
    return `${count}${isMore ? ' or more' : ''} found`;
  },
};

export const SWITCHER = {
  title: 'Go to',
  field: 'Room, person or words',
  list: 'Rooms and people',
  /** @param {string} typed */
  searchFor: (typed) => `Search for “${typed}”`,
  /** @param {number} count */
  unread: (count) => `${count} unread`,
  /** @param {string} username */
  messageTo: (username) => `message @${username}`,
};

export const EMOJI_PICKER = { title: 'Emoji', find: 'Find an emoji' };

export const KEYS = {
  title: 'Keys',
  list: [
    ['Enter', 'send'],
    ['Shift Enter', 'new line'],
    ['↑ in an empty field', 'edit your last message'],
    ['@ and : with letters', 'complete a name, an emoji'],
    ['Page Up, Page Down', 'scroll'],
    ['Esc', 'cancel, or go to the latest message'],
    ['Ctrl K', 'go to a room or a person, search'],
    ['Alt ↑, Alt ↓', 'previous and next room'],
    ['Alt Shift ↑, ↓', 'previous and next unread room'],
    ['Shift Tab, then ↑ and ↓', 'go through the messages'],
    ['R, E, +, C, Delete', 'on a message: reply, edit, react, copy, delete'],
    ['F1', 'this list'],
  ],
};

// Signing in.

export const AUTH = {
  signIn: { label: 'Sign in', button: 'Sign in', busy: 'Signing in…' },
  signUp: { label: 'Sign up', button: 'Create account', busy: 'Creating your account…' },
  either: 'Sign in or sign up',
  tagline: 'Your team’s own place to talk.',
  username: 'Username',
  password: 'Password',
  nameRule: '1 to 32 of A–Z, a–z, 0–9, dot, dash and underscore.',
  passwordRule: 'At least 8 characters. A sentence is a good password.',
  enterUsername: 'Enter your username.',
  enterPassword: 'Enter your password.',
  show: 'Show',
  hide: 'Hide',
  showPassword: 'Show password',
};

// Around the timeline.

export const SIDES = {
  rooms: 'Rooms',
  people: 'People',
  direct: 'Direct messages',
  find: 'Find or create a room',
  about: 'About this room',
  search: 'Search',
  online: 'Online',
  offline: 'Offline',
  you: 'you',
  bot: 'bot',
  /** @param {number} count */
  peopleOnline: (count) => `People, ${count} online`,
  /** @param {number} count */
  countOnline: (count) => `${count} online`,
  /** @param {string} title @param {number} count */
  section: (title, count) => `${title} — ${count}`,
  /** @param {number} count */
  more: (count) => `and ${count} more`,
  /** @param {number} unread @param {number} mentions */
  unread: (unread, mentions) => `${unread} unread${mentions ? `, ${mentions} for you` : ''}`,
};

export const TOP = {
  latest: 'Back to the latest',
  retry: 'Try again',
  loading: 'Loading older messages',
  direct: 'Only the two of you can read this.',
  begins: 'This is the beginning of the room.',
  /** @param {string} reason */
  failed: (reason) => `These messages could not be read. ${reason} `,
  /** @param {string} title */
  welcome: (title) => `Welcome to ${title}`,
};

export const MESSAGE = {
  show: 'Show',
  new: 'New messages',
  you: 'You',
  bot: 'bot',
  deleted: 'This message was deleted.',
  earlier: 'An earlier message',
  inReplyTo: 'In reply to ',
  edited: 'edited',
  sending: 'sending',
  saving: 'saving',
  reactions: 'Reactions',
  refused: 'The server refused it.',
  retry: 'Try again',
  discard: 'Discard',
  withdraw: 'Take back',
  notSent: 'Not sent',
  notChanged: 'Not changed',
  /** @param {string} what @param {string} error */
  trouble: (what, error) => `${what}. ${error}`,
  /** @param {string[]} who @param {number} n */
  reactors: (who, n) => `${who.join(', ')}${n > who.length ? ` and ${n - who.length} more` : ''}`,
};

export const TOOLS = {
  label: 'Message actions',
  react: 'React',
  reply: 'Reply',
  edit: 'Edit',
  copy: 'Copy text',
  delete: 'Delete',
  deleteQuestion: 'Delete this message?',
  /** @param {string} emoji */
  reactWith: (emoji) => `React with ${emoji}`,
};

export const SUGGESTIONS = 'Suggestions';

/** The line that says who is typing. @param {string[]} names */
export function typing(names) {
  if (names.length === 0) return '';
  if (names.length === 1) return `${names[0]} is typing…`;
  return names.length === 2
    ? `${names[0]} and ${names[1]} are typing…`
    : 'Several people are typing…';
}

/** @param {number} count */
export const newMessages = (count) => `${count} new messages`;

export const DAYS = { today: 'Today', yesterday: 'Yesterday' };

/** The verbs of the lines about people who came and went. @type {Record<string, string>} */
export const CAME_AND_WENT = {
  joined_chat: 'joined the chat',
  left_chat: 'left the chat',
  joined: 'joined',
  left: 'left',
};

/** Names as a list: “ann, bob and 3 others”. @param {string[]} names @param {number} others */
export function listOf(names, others) {
  const all = others > 0 ? [...names, `${others} others`] : names;
  return all.length <= 1 ? all.join('') : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`;
}
