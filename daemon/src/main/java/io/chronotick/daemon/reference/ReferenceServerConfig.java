// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.reference;

/**
 * What a {@link ReferenceServer} says, and what the network between it and its clients does. Immutable.
 *
 * @param truth what it believes UTC to be, but for the lie
 * @param lieNanos added to every time it tells, ns
 * @param ipv6 whether it listens on ::1 instead of 127.0.0.1
 * @param port 0 for one that is free
 * @param stratum 1..15
 * @param rootDelayNanos what it states, ns, 0 to 2^16 s
 * @param rootDispersionNanos what it states, ns, 0 to 2^16 s
 * @param baseDelayNanos the delay of each direction, beside that of the loopback interface, ns
 * @param forwardJitterNanos the mean of the exponential queueing delay towards the server, ns
 * @param returnJitterNanos the mean of the exponential queueing delay towards the client, ns
 * @param lossProbability the share of requests that are never answered, 0..1
 * @param seed of all that is random here
 */
public record ReferenceServerConfig(
        Truth truth,
        long lieNanos,
        boolean ipv6,
        int port,
        int stratum,
        long rootDelayNanos,
        long rootDispersionNanos,
        long baseDelayNanos,
        long forwardJitterNanos,
        long returnJitterNanos,
        double lossProbability,
        long seed) {

    public ReferenceServerConfig {
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("no such port: " + port);
        }
        if (stratum < 1 || stratum > 15) {
            throw new IllegalArgumentException("no stratum of a synchronized server: " + stratum);
        }
        if (baseDelayNanos < 0 || forwardJitterNanos < 0 || returnJitterNanos < 0) {
            throw new IllegalArgumentException("a delay cannot be negative");
        }
        if (!(lossProbability >= 0 && lossProbability <= 1)) {
            throw new IllegalArgumentException("no probability: " + lossProbability);
        }
    }

    /** A stratum 1 server on a free IPv4 port that tells the truth at once over a perfect network, unless changed. */
    public static Builder builder(Truth truth) {
        return new Builder(truth);
    }

    /** Each method sets what the component of its name means. */
    public static final class Builder {
        private final Truth truth;
        private long lieNanos;
        private boolean ipv6;
        private int port;
        private int stratum = 1;
        private long rootDelayNanos;
        private long rootDispersionNanos = 1_000;
        private long baseDelayNanos;
        private long forwardJitterNanos;
        private long returnJitterNanos;
        private double lossProbability;
        private long seed = 1;

        private Builder(Truth truth) {
            this.truth = truth;
        }

        public Builder lieNanos(long nanos) {
            lieNanos = nanos;
            return this;
        }

        public Builder ipv6(boolean value) {
            ipv6 = value;
            return this;
        }

        public Builder port(int value) {
            port = value;
            return this;
        }

        public Builder stratum(int value) {
            stratum = value;
            return this;
        }

        public Builder root(long delayNanos, long dispersionNanos) {
            rootDelayNanos = delayNanos;
            rootDispersionNanos = dispersionNanos;
            return this;
        }

        public Builder baseDelayNanos(long nanos) {
            baseDelayNanos = nanos;
            return this;
        }

        public Builder jitterNanos(long forwardMean, long returnMean) {
            forwardJitterNanos = forwardMean;
            returnJitterNanos = returnMean;
            return this;
        }

        public Builder lossProbability(double value) {
            lossProbability = value;
            return this;
        }

        public Builder seed(long value) {
            seed = value;
            return this;
        }

        public ReferenceServerConfig build() {
            return new ReferenceServerConfig(
                    truth,
                    lieNanos,
                    ipv6,
                    port,
                    stratum,
                    rootDelayNanos,
                    rootDispersionNanos,
                    baseDelayNanos,
                    forwardJitterNanos,
                    returnJitterNanos,
                    lossProbability,
                    seed);
        }
    }
}
