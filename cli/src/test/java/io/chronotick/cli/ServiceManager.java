// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Does as systemd does with Type=notify and WatchdogSec=. */
final class ServiceManager {
    /** Starts a command, notes what it is told, and kills it and starts it again where it is told nothing for so long, s. */
    private static final String PROGRAM = """
            import os, signal, socket, subprocess, sys, time
            where, patience, log, command = sys.argv[1], float(sys.argv[2]), sys.argv[3], sys.argv[4:]
            manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            manager.bind(where)
            os.chmod(where, 0o777)
            manager.settimeout(0.05)
            environment = dict(os.environ, NOTIFY_SOCKET=where, WATCHDOG_USEC=str(int(patience * 1e6)))
            def note(text):
                with open(log, 'a') as file:
                    file.write(text + chr(10))
            # Before the command starts: what is handled here is not ignored there, whatever started this.
            child = None
            ended = False
            def end(number, frame):
                global ended
                ended = True
                child.terminate()
            signal.signal(signal.SIGTERM, end)
            signal.signal(signal.SIGHUP, lambda number, frame: child.send_signal(signal.SIGHUP))
            child = subprocess.Popen(command, env=environment)
            alive = None
            while True:
                try:
                    message = manager.recv(4096).decode()
                    note(message.replace(chr(10), ' | '))
                    if alive is not None or 'READY=1' in message:
                        alive = time.monotonic() if 'READY=1' in message or 'WATCHDOG=1' in message else alive
                except TimeoutError:
                    if child.poll() is not None:
                        break
                if not ended and alive is not None and time.monotonic() - alive > patience:
                    note('manager: no sign of life')
                    alive = None
                    child.kill()
                    child.wait()
                    child = subprocess.Popen(command, env=environment)
            note('manager: exit code %d' % child.returncode)
            """;

    private ServiceManager() {}

    /**
     * Its command line.
     *
     * @param socket where it is told; the command's $NOTIFY_SOCKET
     * @param patienceSeconds without a sign of life
     * @param told where it writes what it is told
     * @param command what it starts
     */
    static List<String> of(Path socket, double patienceSeconds, Path told, List<String> command) {
        List<String> words = new ArrayList<>(
                List.of("python3", "-c", PROGRAM, socket.toString(), String.valueOf(patienceSeconds), told.toString()));
        words.addAll(command);
        return words;
    }
}
