package dev.spooled.moving;

/// What is over there of a part: `rows` of it, all that were written by transactions before `until`, and
/// nothing else was there while the part's `written` was as here. `relation` is the part's number in
/// PostgreSQL: another one under the same name is another part.
record Copied(String relation, String written, String until, long rows) {
    static final Copied NOTHING = new Copied("", "", "", 0);

    boolean isNothing() {
        return relation.isEmpty();
    }

    /// Who is to look, whatever PostgreSQL has counted.
    Copied unsure() {
        return new Copied(relation, "", until, rows);
    }

    /// The condition that tells rows over there from those that are not, or no longer, the same.
    /// Transactions are numbered in a circle: the older of two is the one that is further back from now. A
    /// row that is further back than half the circle passes for a new one, is taken out and copied again.
    String settled() {
        return isNothing() ? "false" : "age(xmin) > age('" + until + "'::xid)";
    }
}
