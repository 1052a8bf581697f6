package dev.spooled.bench;

import java.util.Locale;
import org.HdrHistogram.AbstractHistogram;

/// A latency distribution in milliseconds, made of `count` samples.
record Percentiles(long count, double p50, double p90, double p99, double p999, double max) {
    /// @param histogram in microseconds
    static Percentiles of(AbstractHistogram histogram) {
        return new Percentiles(
                histogram.getTotalCount(),
                at(histogram, 50),
                at(histogram, 90),
                at(histogram, 99),
                at(histogram, 99.9),
                histogram.getMaxValue() / 1_000.0);
    }

    String brief() {
        return count == 0 ? "-" : String.format(Locale.ROOT, "%.2f / %.2f / %.2f", p50, p99, max);
    }

    private static double at(AbstractHistogram histogram, double percentile) {
        return histogram.getValueAtPercentile(percentile) / 1_000.0;
    }
}
