// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.path;

/**
 * What is learned of the way to one server and back, beside what the oscillator models hold of it (base delay,
 * asymmetry): the queue law of each direction. Shared by all oscillator models. Not thread-safe.
 */
public final class NetworkPath {
    /** The first laws are made after this many exchanges. */
    private static final int SEED = 6;

    private final QueueLaw forward = new QueueLaw();
    private final QueueLaw reverse = new QueueLaw();
    private final QueueLaw excess = new QueueLaw();
    private final QueueLaw noise = new QueueLaw();
    private int exchanges;
    private int baseAge;
    private double delaySum;
    private double delayMin = Double.POSITIVE_INFINITY;

    public NetworkPath copy() {
        NetworkPath copy = new NetworkPath();
        copy.forward.copyFrom(forward);
        copy.reverse.copyFrom(reverse);
        copy.excess.copyFrom(excess);
        copy.noise.copyFrom(noise);
        copy.exchanges = exchanges;
        copy.baseAge = baseAge;
        copy.delaySum = delaySum;
        copy.delayMin = delayMin;
        return copy;
    }

    /** Law of the queue from here to the server. */
    public QueueLaw forward() {
        return forward;
    }

    /** Law of the queue from the server to here. */
    public QueueLaw reverse() {
        return reverse;
    }

    /** Law of half the round trip's excess over its base. */
    public QueueLaw excess() {
        return excess;
    }

    /** Law of the noise of offsets, for those who take it to be symmetric. */
    public QueueLaw noise() {
        return noise;
    }

    /** The first of the two laws that teach one another under a hypothesis. */
    public QueueLaw first(DelayModel delays) {
        return delays == DelayModel.ONE_SIDED ? forward : excess;
    }

    /** The second of the two. */
    public QueueLaw second(DelayModel delays) {
        return delays == DelayModel.ONE_SIDED ? reverse : noise;
    }

    public int exchanges() {
        return exchanges;
    }

    /** Exchanges since the base delay was last begun anew. */
    public int baseAge() {
        return baseAge;
    }

    public void age() {
        baseAge++;
    }

    /** The base delay is a new one, of which little is known. */
    public void renewBase() {
        baseAge = 0;
    }

    /** Counts one exchange; after a few of them their delays give the first laws. */
    public void count(double delay) {
        exchanges++;
        delaySum += delay;
        delayMin = Math.min(delayMin, delay);
        if (exchanges == SEED) {
            seedLaws();
        }
    }

    /** Mean queue of a packet by the learned laws, s: the average of both directions. */
    public double meanQueue() {
        return (forward.mean() + reverse.mean()) / 2;
    }

    /** Mean excess of the round-trip delay over its minimum, s; 0 without exchanges. */
    public double meanExcess() {
        return exchanges == 0 ? 0 : delaySum / exchanges - delayMin;
    }

    /** Before a replay that does not trust what was learned: both directions alike, from the round trip's excess. */
    public void seedLaws() {
        forward.seed(meanExcess());
        reverse.seed(meanExcess());
        excess.seed(meanExcess());
        noise.clear();
        baseAge = 0;
    }

    /** Before a replay: the laws stay as priors. */
    public void restartLaws() {
        forward.restart();
        reverse.restart();
        excess.restart();
        noise.restart();
        baseAge = 0;
    }

    /** The way itself has changed: another address. */
    public void clear() {
        forward.clear();
        reverse.clear();
        excess.clear();
        noise.clear();
        baseAge = 0;
        exchanges = 0;
        delaySum = 0;
        delayMin = Double.POSITIVE_INFINITY;
    }
}
