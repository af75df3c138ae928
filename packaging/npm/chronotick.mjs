#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// Starts ChronoTick from npm: on the runtime image that @chronotick/runtime-PLATFORM-ARCH holds, else on a Java of this
// machine. The counterpart of the launcher `chronotick` at the root of the repository, without a shell, which Windows does
// not have; a test compares the flags of both.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import tty from 'node:tty';
import { fileURLToPath } from 'node:url';

const MIN_JAVA = 25;
const self = fs.realpathSync(fileURLToPath(import.meta.url));
const root = path.dirname(path.dirname(self));
const executable = process.platform === 'win32' ? 'java.exe' : 'java';

function fail(exitCode, message) {
    process.stderr.write(`chronotick: ${message}\n`);
    process.exit(exitCode);
}

// --- Java ----------------------------------------------------------------------------------------------------------

/** The package with the image, or undefined. */
function findImage(name) {
    try {
        const manifest = createRequire(self).resolve(`${name}/package.json`);
        const directory = path.dirname(manifest);
        const { chronotick } = JSON.parse(fs.readFileSync(manifest, 'utf8'));
        return { directory, java: path.join(directory, 'runtime', 'bin', executable), jarTime: chronotick.jarTime };
    } catch (e) {
        if (e.code === 'MODULE_NOT_FOUND') {
            return undefined;
        }
        throw e;
    }
}

/** A Java of this machine that is recent enough, by its release file: quicker than asking it. */
function findJava() {
    const candidates = (process.env.PATH ?? '').split(path.delimiter).map((directory) => path.join(directory, executable));
    if (process.env.JAVA_HOME) {
        candidates.unshift(path.join(process.env.JAVA_HOME, 'bin', executable));
    }
    for (const candidate of candidates) {
        try {
            const java = fs.realpathSync(candidate);
            const release = fs.readFileSync(path.join(path.dirname(path.dirname(java)), 'release'), 'utf8');
            if (Number(/^JAVA_VERSION="?(\d+)/m.exec(release)?.[1]) >= MIN_JAVA) {
                return java;
            }
        } catch (e) {
            if (e.code !== 'ENOENT' && e.code !== 'ENOTDIR' && e.code !== 'EACCES') {
                throw e;
            }
        }
    }
    return undefined;
}

// --- The cache of classes ------------------------------------------------------------------------------------------

/** Sets the times of the jars to those that the cache was made with, unless they have them. */
function setTimes(lib, time) {
    for (const file of fs.readdirSync(lib)) {
        const jar = path.join(lib, file);
        if (fs.statSync(jar).mtimeMs !== time * 1000) {
            fs.utimesSync(jar, time, time);
        }
    }
}

/**
 * The directory of the jars, with the times that the JVM compares before it takes a cache. npm sets all times to that of the
 * installation; where they are not ours to set, as in an installation of root's, a copy in the user's cache has them.
 * Returns undefined where there can be none: then the start takes longer, and all else is the same.
 */
function jarsWithTimes(lib, time) {
    try {
        setTimes(lib, time);
        return lib;
    } catch {
        // Somebody else's.
    }
    try {
        const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
        const cache = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
        const copy = path.join(cache, 'chronotick', `${version}-${time}`);
        if (!fs.existsSync(copy)) {
            fs.mkdirSync(path.dirname(copy), { recursive: true, mode: 0o700 });
            const unfinished = fs.mkdtempSync(`${copy}-`);
            try {
                for (const file of fs.readdirSync(lib)) {
                    fs.copyFileSync(path.join(lib, file), path.join(unfinished, file));
                }
                setTimes(unfinished, time);
                fs.renameSync(unfinished, copy);
            } catch (e) {
                fs.rmSync(unfinished, { recursive: true, force: true });
                if (!fs.existsSync(copy)) { // or another process was quicker
                    throw e;
                }
            }
        }
        return copy;
    } catch {
        return undefined;
    }
}

// --- Start ---------------------------------------------------------------------------------------------------------

const args = process.argv.slice(2);
const command = args[0] ?? '';
const name = `@chronotick/runtime-${process.platform}-${process.arch}`;
const image = findImage(name);
const java = image?.java ?? findJava();
if (!java) {
    fail(
        2,
        `there is neither a package ${name} nor a Java ${MIN_JAVA}: install without --omit=optional, or install Java from ` +
            'https://adoptium.net and set JAVA_HOME',
    );
}
let lib = path.join(root, 'lib');
let cache;
if (image) {
    cache = path.join(image.directory, command === 'mcp' ? 'chronotick-mcp.aot' : 'chronotick.aot');
    const timed = jarsWithTimes(lib, image.jarTime);
    lib = timed ?? lib;
    cache = timed && cache;
}

// Through npx there is no other way to call it.
const byNpx = process.env.npm_command === 'exec';
const flags = [
    `-Dchronotick.command=${byNpx ? 'npx -y chronotick' : 'chronotick'}`,
    '-XX:+UseSerialGC',
    '-XX:-UsePerfData',
    '-XX:+UnlockDiagnosticVMOptions',
    '-XX:ArchiveRelocationMode=0',
    '-Xlog:disable',
    '-Xlog:all=error,aot*=off:stderr',
    '--enable-native-access=ALL-UNNAMED',
    '-cp',
    path.join(lib, 'chronotick-cli.jar'),
];
if (cache) {
    flags.push(`-XX:AOTCache=${cache}`);
}
const shortFlags = ['-Djdk.reflect.useNativeAccessorOnly=true', '-Xms8m', '-Xmx64m'];
// The reasons are in the other launcher.
switch (command) {
    case 'read':
    case 'now':
    case 'json':
    case 'status':
    case 'sources':
        flags.push(...shortFlags, '-Xint');
        break;
    case 'daemon':
        flags.push(
            '-Djdk.reflect.useNativeAccessorOnly=true',
            '-Xms4m',
            '-Xmx32m',
            '-Xss512k',
            '-XX:ReservedCodeCacheSize=24m',
            '-XX:TieredStopAtLevel=1',
            '-XX:CompileThresholdScaling=0.02',
            '-XX:AsyncDeflationInterval=60000',
        );
        break;
    case 'mcp':
        flags.push('-Xms16m', '-Xmx96m', '-XX:TieredStopAtLevel=1', '-Djdk.reflect.useNativeAccessorOnly=true');
        flags.push(...(byNpx ? ['-Dchronotick.launcher=npx', '-Dchronotick.launcher.arguments=-y chronotick'] : [`-Dchronotick.launcher=${self}`]));
        break;
    case 'demo':
    case 'benchmark':
    case 'lab':
        break;
    default:
        flags.push(...shortFlags, '-XX:TieredStopAtLevel=1');
}
const env = { ...process.env };
if (tty.isatty(1)) {
    flags.push('-Dchronotick.terminal=true');
    env.COLUMNS ??= String(process.stdout.columns);
}

// First: a signal that came between would end the launcher and leave the child behind.
const signals = process.platform === 'win32' ? ['SIGINT', 'SIGTERM'] : ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
for (const signal of signals) {
    process.on(signal, () => child.kill(signal));
}
const child = spawn(java, [...flags, 'io.chronotick.cli.Main', ...args], { stdio: 'inherit', env });
child.on('error', (e) => fail(70, `cannot start ${java} (${e.message}): install the package again`));
child.on('exit', (exitCode, signal) => {
    if (signal) {
        // Ends as it did.
        process.removeAllListeners(signal);
        process.kill(process.pid, signal);
    } else {
        process.exit(exitCode);
    }
});
