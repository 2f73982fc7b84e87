// A page as careless as the demo that this chat grew from: it trusts every frame with innerHTML,
// shows an empty box for what it does not know, and says nothing of who it is but a name.
// The tests prove that the server keeps even such a page safe. Don't take anything here as an
// example.

const byId = (id) => document.getElementById(id);
let socket = null;
let username = '';

async function post(path) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username: byId('username').value, password: byId('password').value }),
  });
  const answer = await response.json();
  byId('answer').textContent = answer.msg;
  return answer.ok;
}

function open() {
  username = byId('username').value;
  byId('account').hidden = true;
  byId('chat').hidden = false;
  socket = new WebSocket(`ws://${location.host}/ws`);
  socket.onopen = () => socket.send(JSON.stringify({ username }));
  socket.onmessage = (event) => draw(JSON.parse(event.data));
}

function draw(frame) {
  const box = document.createElement('div');
  box.className = `box ${frame.type}`;
  if (frame.type === 'chat') box.innerHTML = `<b>${frame.username}</b>: ${frame.message}`;
  else if (frame.type === 'system') box.innerHTML = frame.message;
  byId('messages').append(box);
}

function send() {
  socket.send(JSON.stringify({ username, message: byId('message').value }));
  byId('message').value = '';
}

byId('register').onclick = () => post('/register');
byId('login').onclick = async () => {
  if (await post('/login')) open();
};
byId('send').onclick = send;
byId('message').onkeydown = (event) => {
  if (event.key === 'Enter') send();
};
