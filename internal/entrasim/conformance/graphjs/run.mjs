// Starts a simulator, runs the tests against it with nothing but its address and its CA, and prints
// "graph-js: N passed, N failed". ENTRASIM is the simulator's program.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { worldFile } from "./world.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const program = resolve(process.env.ENTRASIM ?? join(here, "../../../../bin/entrasim"));
const dir = mkdtempSync(join(tmpdir(), "graphjs-"));

function certificate() {
  const key = join(dir, "key.pem"), crt = join(dir, "crt.pem"), both = join(dir, "client.pem");
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=graphjs", "-days", "2", "-keyout", key, "-out", crt], { stdio: "pipe" });
  writeFileSync(both, readFileSync(key, "utf8") + readFileSync(crt, "utf8"));
  return { crt, both };
}

// simulator resolves when the program has said where everything is.
function simulator(world) {
  const child = spawn(program, ["run", world, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--data-dir", join(dir, "sim")], { stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((found, failed) => {
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk;
      const at = (name) => text.match(new RegExp(`^ {2}${name} +(\\S+)`, "m"))?.[1];
      if (at("sign-in") && at("ca") && at("admin")) found({ child, base: at("sign-in"), ca: at("ca"), admin: at("admin") });
    });
    child.on("error", failed);
    child.on("exit", (code) => failed(new Error(`the simulator ended with ${code}: ${text}`)));
  });
}

function tests(sim, pem) {
  const child = spawn(process.execPath, ["--test", "--test-reporter=tap", join(here, "graph.test.mjs")], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_EXTRA_CA_CERTS: sim.ca, SIM_BASE: sim.base, SIM_ADMIN: sim.admin, SIM_CERTIFICATE: pem },
  });
  return new Promise((done) => {
    let text = "";
    child.stdout.on("data", (chunk) => { text += chunk; });
    child.on("close", () => done(text));
  });
}

let failed = 1;
try {
  const { crt, both } = certificate();
  const world = join(dir, "world.yaml");
  writeFileSync(world, worldFile(crt));
  const sim = await simulator(world);
  const out = await tests(sim, both);
  sim.child.removeAllListeners("exit");
  sim.child.kill("SIGTERM");
  const number = (name) => Number(out.match(new RegExp(`^# ${name} (\\d+)$`, "m"))?.[1] ?? 0);
  const passed = number("pass");
  failed = number("fail") + number("cancelled") + number("skipped") + (passed === 0 ? 1 : 0);
  if (failed > 0) console.log(out);
  console.log(`graph-js: ${passed} passed, ${failed} failed`);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
process.exit(failed > 0 ? 1 : 0);
