// Emoji by their usual short names, the most used first.

const TABLE = `👍 +1 thumbsup|❤️ heart|😂 joy|🎉 tada party|😊 blush smile|👀 eyes|🙏 pray thanks|🔥 fire|😅 sweat_smile|🤔 thinking|👏 clap|😢 cry|😭 sob|😍 heart_eyes|🥳 partying|💯 100|✅ white_check_mark done|❌ x no|👎 -1 thumbsdown|🚀 rocket
😀 grinning|😃 smiley|😄 smile|😁 grin|😆 laughing|🤣 rofl|🙂 slight_smile|🙃 upside_down|😉 wink|😇 innocent|🥰 smiling_hearts|😘 kissing_heart|😋 yum|😛 tongue|😜 wink_tongue|🤪 zany|🤑 money_mouth|🤗 hugging|🤭 hand_over_mouth|🤫 shushing|🤐 zipper_mouth|🤨 raised_eyebrow|😐 neutral|😑 expressionless|😶 no_mouth|😏 smirk|😒 unamused|🙄 rolling_eyes|😬 grimacing|😌 relieved|😔 pensive|😪 sleepy|😴 sleeping|😷 mask|🤒 thermometer_face|🤕 bandage|🤢 nauseated|🤮 vomiting|🤧 sneezing|🥵 hot|🥶 cold|🥴 woozy|😵 dizzy|🤯 exploding_head|🤠 cowboy|😎 sunglasses cool|🤓 nerd|🧐 monocle|😕 confused|😟 worried|🙁 frowning|😮 open_mouth wow|😲 astonished|😳 flushed|🥺 pleading|😨 fearful|😰 cold_sweat|😱 scream|😖 confounded|😣 persevere|😞 disappointed|😓 sweat|😩 weary|😫 tired|🥱 yawning|😤 triumph|😡 rage|😠 angry|🤬 cursing|😈 smiling_imp|💀 skull|💩 poop|🤡 clown|👻 ghost|👽 alien|🤖 robot bot|🎃 pumpkin
😺 cat_smile|🙈 see_no_evil|🙉 hear_no_evil|🙊 speak_no_evil|💋 kiss|💔 broken_heart|🧡 orange_heart|💛 yellow_heart|💚 green_heart|💙 blue_heart|💜 purple_heart|🖤 black_heart|🤍 white_heart|💥 boom|💫 dizzy_star|💦 sweat_drops|💨 dash|💬 speech|💭 thought|💤 zzz
👋 wave hello|🤚 raised_back|✋ raised_hand|🖖 vulcan|👌 ok_hand|🤏 pinch|✌️ victory peace|🤞 fingers_crossed|🤟 love_you|🤘 metal|🤙 call_me|👈 point_left|👉 point_right|👆 point_up|👇 point_down|✊ fist|👊 punch|🤛 left_fist|🤜 right_fist|🙌 raised_hands|👐 open_hands|🤲 palms_up|🤝 handshake deal|✍️ writing|💪 muscle strong|🧠 brain|👁️ eye|👶 baby|🧑 person|👩 woman|👨 man|🧓 older|🙅 no_good|🙆 ok_person|🙋 raising_hand|🙇 bow|🤦 facepalm|🤷 shrug|🧑‍💻 technologist coder|🕵️ detective|👷 worker|🧙 mage wizard|🧟 zombie|💃 dancer|🏃 runner|👪 family
🐶 dog|🐱 cat|🐭 mouse|🐹 hamster|🐰 rabbit|🦊 fox|🐻 bear|🐼 panda|🐨 koala|🐯 tiger|🦁 lion|🐮 cow|🐷 pig|🐸 frog|🐵 monkey|🐔 chicken|🐧 penguin|🐦 bird|🦆 duck|🦉 owl|🐺 wolf|🐴 horse|🦄 unicorn|🐝 bee|🐛 bug|🦋 butterfly|🐌 snail|🐞 ladybug|🐢 turtle|🐍 snake|🐙 octopus|🦀 crab rust|🐟 fish|🐬 dolphin|🐳 whale|🦈 shark|🐘 elephant|🐪 camel|🦒 giraffe|🐕 dog2|🌸 blossom|🌹 rose|🌻 sunflower|🌲 evergreen|🌳 tree|🌵 cactus|🍀 four_leaf_clover luck|🍁 maple|🍄 mushroom|🌍 earth|🌙 moon|⭐ star|🌟 glowing_star|✨ sparkles|⚡ zap|☀️ sunny|⛅ cloud_sun|☁️ cloud|🌧️ rain|❄️ snowflake|☃️ snowman|🌈 rainbow|🌊 ocean
🍎 apple|🍌 banana|🍉 watermelon|🍇 grapes|🍓 strawberry|🍒 cherries|🍍 pineapple|🥑 avocado|🍅 tomato|🥕 carrot|🌽 corn|🍞 bread|🧀 cheese|🥚 egg|🥓 bacon|🍔 burger|🍟 fries|🍕 pizza|🌭 hotdog|🌮 taco|🍜 ramen noodles|🍣 sushi|🍦 icecream|🍩 doughnut|🍪 cookie|🎂 birthday|🍰 cake|🍫 chocolate|🍿 popcorn|☕ coffee|🍵 tea|🍺 beer|🍻 cheers|🍷 wine|🍾 champagne|🥂 clinking
⚽ soccer|🏀 basketball|🎾 tennis|🏆 trophy|🥇 first_place|🎯 dart target|🎮 game|🎲 die|🧩 puzzle|🎸 guitar|🎵 note music|🎧 headphones|🎬 clapper|🎨 art|📷 camera|🚗 car|🚲 bike|🚂 train|✈️ airplane|🚢 ship|🏠 house home|🏢 office|🏖️ beach|⛰️ mountain|🏕️ camping|🗺️ map
⌚ watch|📱 phone|💻 laptop|⌨️ keyboard|🖥️ desktop|💾 floppy save|📺 tv|💡 bulb idea|🔦 flashlight|💰 moneybag|💎 gem|🔧 wrench|🔨 hammer|🛠️ tools|⚙️ gear|🔒 lock|🔓 unlock|🔑 key|📌 pin|📎 paperclip|✂️ scissors|📝 memo|📅 calendar|📈 chart_up|📉 chart_down|📊 bar_chart|📁 folder|🗑️ trash|📦 package|📧 email|📣 mega|🔔 bell|🔕 no_bell|🔍 mag search|🧪 test_tube|🩹 adhesive|💊 pill|🎁 gift|🎈 balloon|⏰ alarm|⏳ hourglass|🔗 link|📚 books
✔️ check|➕ plus|➖ minus|❓ question|❗ exclamation|⚠️ warning|🚫 no_entry|🛑 stop|♻️ recycle|🆗 ok|🆕 new|🔴 red_circle|🟠 orange_circle|🟡 yellow_circle|🟢 green_circle|🔵 blue_circle|⚫ black_circle|⚪ white_circle|➡️ arrow_right|⬅️ arrow_left|⬆️ arrow_up|⬇️ arrow_down|🔄 refresh|🏁 finish|🚩 flag|🏳️‍🌈 rainbow_flag|🇩🇪 de germany|🇫🇷 fr france|🇬🇧 gb uk|🇪🇸 es spain|🇮🇹 it italy|🇺🇸 us usa|🇯🇵 jp japan|🇪🇺 eu`;

/** @type {[string, string, string][]} */
const EMOJI = TABLE.split(/[|\n]/u).map((line) => {
  const [sign, ...names] = line.split(' ');
  return [sign, names[0], names.join(' ')];
});

/**
 * Those whose names begin so, then those that contain it.
 * @param {string} word
 * @returns {[string, string, string][]}
 */
export function findEmoji(word) {
  if (!word) return EMOJI;
  const starts = EMOJI.filter(([, , names]) =>
    names.split(' ').some((name) => name.startsWith(word)),
  );
  const holds = EMOJI.filter(([, , names]) => names.includes(word));
  return [...new Set([...starts, ...holds])];
}
