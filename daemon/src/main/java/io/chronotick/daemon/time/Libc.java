// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.time;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import java.util.Set;

/**
 * Calls into the C library of Linux. The numbers and struct layouts beside the calls are those of the kernel's generic
 * 64-bit ABI, which the architectures of {@link #isSupported} share. Thread-safe.
 */
public final class Libc {
    private static final Set<String> GENERIC_ABI = Set.of("amd64", "aarch64", "riscv64");

    /** Words of {@link #errnoText} that others look for. */
    public static final String NETWORK_UNREACHABLE = "network is unreachable";

    public static final String CONNECTION_REFUSED = "connection refused";
    public static final String NO_ROUTE = "no route to host";

    public static final int EPERM = 1;
    public static final int ENOENT = 2;
    public static final int EINTR = 4;
    public static final int EAGAIN = 11;
    public static final int ENOMEM = 12;
    public static final int EACCES = 13;
    public static final int EEXIST = 17;
    public static final int EISDIR = 21;
    public static final int EINVAL = 22;
    public static final int EMFILE = 24;
    public static final int ENOSPC = 28;
    public static final int EROFS = 30;
    public static final int ENOLCK = 37;
    public static final int ELOOP = 40;
    public static final int EAFNOSUPPORT = 97;
    public static final int EADDRINUSE = 98;
    public static final int EADDRNOTAVAIL = 99;
    public static final int EMSGSIZE = 90;
    public static final int ENETDOWN = 100;
    public static final int ENETUNREACH = 101;
    public static final int ENOBUFS = 105;
    public static final int ETIMEDOUT = 110;
    public static final int ECONNREFUSED = 111;
    public static final int EHOSTDOWN = 112;
    public static final int EHOSTUNREACH = 113;
    public static final int EDQUOT = 122;

    /** Turns the C library off, so that what other systems run can be tried on Linux. */
    private static final String PORTABLE_PROPERTY = "chronotick.portable";

    private static final boolean SUPPORTED =
            isKnownSystem() && !Boolean.getBoolean(PORTABLE_PROPERTY) && isNativeAccessPermitted();

    private Libc() {}

    /** Whether this is a Linux whose calls and layouts are known here, and this program may call them. */
    public static boolean isSupported() {
        return SUPPORTED;
    }

    private static boolean isKnownSystem() {
        return System.getProperty("os.name", "").equals("Linux")
                && GENERIC_ABI.contains(System.getProperty("os.arch", "").toLowerCase(Locale.ROOT));
    }

    /** Not Module.isNativeAccessEnabled: that is false also where access is merely warned of. */
    private static boolean isNativeAccessPermitted() {
        try {
            function("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
            return true;
        } catch (IllegalCallerException e) {
            return false;
        }
    }

    /**
     * The C function of that name; keep it in a static final field, so that the call is compiled in line.
     *
     * @throws java.util.NoSuchElementException if the C library has none
     * @throws IllegalCallerException if native access is denied to this program
     */
    public static MethodHandle function(String name, FunctionDescriptor descriptor, Linker.Option... options) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor, options);
    }

    /** What a native call threw: the calls themselves throw nothing, so it is an error of the virtual machine. */
    public static RuntimeException unexpected(Throwable thrown) {
        if (thrown instanceof Error error) {
            throw error;
        }
        return new IllegalStateException("a native call failed in the virtual machine", thrown);
    }

    /** The error number in words a user can act on. Not strerror: that one is translated and not thread-safe. */
    public static String errnoText(int errno) {
        return switch (errno) {
            case EPERM -> "operation not permitted (a local firewall or sandbox forbids it)";
            case ENOENT -> "no such file";
            case ENOMEM -> "no memory left";
            case EACCES -> "permission denied";
            case EEXIST -> "it exists already";
            case EISDIR -> "is a directory";
            case ENOSPC -> "no space left there";
            case EROFS -> "read-only file system";
            case ENOLCK -> "no locks available on that file system";
            case ELOOP -> "is a symbolic link";
            case EDQUOT -> "disk quota exceeded";
            case EINVAL -> "invalid argument";
            case EMFILE -> "too many open files";
            case EAFNOSUPPORT -> "address family not supported on this host";
            case EADDRINUSE -> "address already in use (another program listens there)";
            case EADDRNOTAVAIL -> "no local address to send from";
            case ENETDOWN -> "network is down";
            case ENETUNREACH -> NETWORK_UNREACHABLE;
            case EAGAIN, ENOBUFS -> "no buffer space";
            case EMSGSIZE -> "datagram too long for the path";
            case ETIMEDOUT -> "timed out";
            case ECONNREFUSED -> CONNECTION_REFUSED;
            case EHOSTDOWN -> "host is down";
            case EHOSTUNREACH -> NO_ROUTE;
            default -> "error number " + errno;
        };
    }
}
