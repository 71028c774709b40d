// The service worker: keeps all files of the page, for visits without a network. No recording reaches it.

/** Keep the files of the newest page, and drop those of older ones. */
async function keep() {
  const { digest, files } = await (await fetch("about.json", { cache: "no-cache" })).json();
  const cache = await caches.open(digest);
  const kept = await Promise.all(files.map((name) => cache.match(name, { ignoreSearch: true })));
  await cache.addAll(["./", "about.json", ...files.filter((_, number) => !kept[number])]);
  for (const name of await caches.keys()) if (name !== digest) await caches.delete(name);
}

/** Answer with the newest file while there is a network, else with the kept one; a large file names its version. */
async function answer(request) {
  const version = new URL(request.url).search.slice(1);
  const kept = () => caches.match(request, { ignoreSearch: true, ...(version && { cacheName: version }) });
  if (version) return (await kept()) ?? fetch(request);
  return fetch(request).catch(async () => (await kept()) ?? Response.error());
}

self.addEventListener("install", (event) => event.waitUntil(keep()));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => event.respondWith(answer(event.request)));
