// Shows images for a number of the screen's frames, and measures what came of it.
// A frame's time stamp is that of the picture in which its changes are seen, so the time between the stamps of two frames
// is the time on the screen; and where a frame came late, the time between the frames after them says so.
window.exposure = (() => {
  const CROSS = 400, MASK = 200, STALE = "another is shown";
  let serial = 0;  // of the latest show: those before it end at their next frame
  const frame = () => new Promise(requestAnimationFrame);
  const only = (...names) => {
    for (const each of document.querySelectorAll("#stage > *"))
      each.style.visibility = names.includes(each.dataset.part) ? "visible" : "hidden";
  };
  const median = numbers => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

  async function load(part, source) {
    const image = document.querySelector(`#stage [data-part=${part}]`);
    image.src = source ?? "data:,";
    image.style.display = source ? "" : "none";
    if (source) await image.decode();
  }

  async function visible() {
    while (document.hidden) await new Promise(done => document.addEventListener("visibilitychange", done, {once: true}));
  }

  // The cross, for so long that the length of a frame is known.
  async function cross(frame) {
    only("cross");
    const stamps = [await frame()];
    while (stamps.at(-1) - stamps[0] < CROSS || stamps.length < 12) stamps.push(await frame());
    return median(stamps.slice(1).map((stamp, i) => stamp - stamps[i]));
  }

  // Returns null where another show, or a stop, came before the end.
  async function show(...what) {
    const mine = ++serial, current = value => { if (mine !== serial) throw STALE; return value; };
    try {
      return await shown(current, async () => current(await frame()), ...what);
    } catch (error) {
      if (mine === serial) throw error;
      return null;
    }
  }

  async function shown(current, frame, sources, mask, asked) {
    only();
    current(await visible());
    current(await Promise.all([load("first", sources[0]), load("second", sources[1]), load("mask", mask)]));
    if (asked === null) {
      only("first", "second");
      return {};
    }
    const length = await cross(frame), wanted = Math.max(1, Math.round(asked / length)) * length;
    const begun = await frame();
    only("first");
    const after = await frame();
    let ended = after;
    while (ended - begun < wanted - length / 2) ended = await frame();
    only("mask");
    const last = await frame(), times = [ended - begun, last - after];
    while ((await frame()) - last < MASK);
    only();
    const off = time => Math.abs(time - Math.max(asked, length));
    return {shown_ms: off(times[0]) > off(times[1]) ? times[0] : times[1], frame_ms: length};
  }
  return {show, stop: () => { serial++; }};
})();
