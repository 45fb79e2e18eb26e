"""How often the usual trend tests call a series growing.

Reads lines of "CLASS VALUE VALUE ..." and prints "CLASS MK TS OLS CP" with counts; or, with the
argument "speed", reads one line of values and prints the processor seconds that each test takes.

mk   pymannkendall.original_test, "increasing" at alpha 0.05
ts   scipy.stats.theilslopes, lower end of the 95 % interval above 0
ols  scipy.stats.linregress, slope above 0 with p < 0.05
cp   ruptures.KernelCPD (change points of the mean, penalty 3 s^2 log n with s from the differences):
     the last segment is the highest of at least two
"""

import collections
import sys
import time

import numpy
import pymannkendall
import ruptures
import scipy.stats


def mk(values):
    return pymannkendall.original_test(values).trend == "increasing"


def ts(values):
    return scipy.stats.theilslopes(values, alpha=0.95).low_slope > 0


def ols(values):
    fit = scipy.stats.linregress(numpy.arange(len(values)), values)
    return bool(fit.slope > 0 and fit.pvalue < 0.05)


def cp(values):
    noise = numpy.var(numpy.diff(values)) / 2
    if noise == 0:
        return False
    search = ruptures.KernelCPD(kernel="linear", min_size=2).fit(values.reshape(-1, 1))
    ends = search.predict(pen=3 * noise * numpy.log(len(values)))
    means = [part.mean() for part in numpy.split(values, ends[:-1])]
    return len(means) > 1 and means[-1] == max(means)


TESTS = (mk, ts, ols, cp)


def count():
    counts = collections.defaultdict(lambda: [0] * len(TESTS))
    for line in sys.stdin:
        label, *values = line.split()
        values = numpy.array(values, dtype=float)
        for at, test in enumerate(TESTS):
            counts[label][at] += test(values)
    for label, found in counts.items():
        print(label, *found)


def speed():
    values = numpy.array(sys.stdin.readline().split(), dtype=float)
    for test in TESTS[:3]:
        begin = time.process_time()
        test(values)
        print(time.process_time() - begin)


if __name__ == "__main__":
    numpy.seterr(all="ignore")
    speed() if sys.argv[1:] == ["speed"] else count()
