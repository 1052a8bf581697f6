package dev.spooled.db;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PGBinaryObject;
import org.postgresql.util.PGobject;

/// A one-dimensional array parameter in PostgreSQL's binary form (`array_send`: dimensions, null flag, element type,
/// length, lower bound, then each element with its size). pgjdbc sends uuid[] and timestamptz[] as text otherwise,
/// which costs the server 0.6 us an element (measured for the lane, see docs/decisions/0001-lane-exact.md).
///
/// Fill it with `add...`, hand it to `Args`; it may be reused after `clear`.
public final class PgArray extends PGobject implements PGBinaryObject {
    private static final long POSTGRES_EPOCH_MICROS = 946_684_800_000_000L;
    private static final int HEADER_BYTES = 20;

    private final int elementOid;
    private ByteBuffer elements;
    private int size;
    private boolean nulls;

    private PgArray(String type, int elementOid, int bytesExpected) {
        this.type = type;
        this.elementOid = elementOid;
        this.elements = ByteBuffer.allocate(bytesExpected);
    }

    public static PgArray uuids() {
        return new PgArray("_uuid", 2950, 256);
    }

    public static PgArray ints() {
        return new PgArray("_int4", 23, 128);
    }

    public static PgArray shorts() {
        return new PgArray("_int2", 21, 128);
    }

    public static PgArray longs() {
        return new PgArray("_int8", 20, 128);
    }

    public static PgArray booleans() {
        return new PgArray("_bool", 16, 64);
    }

    public static PgArray texts() {
        return new PgArray("_text", 25, 512);
    }

    public static PgArray texts(Iterable<String> items) {
        PgArray array = texts();
        items.forEach(array::add);
        return array;
    }

    public static PgArray rowIds() {
        return new PgArray("_tid", 27, 128);
    }

    public static PgArray times() {
        return new PgArray("_timestamptz", 1184, 128);
    }

    public PgArray add(@Nullable UUID value) {
        if (value == null) {
            return addNull();
        }
        start(16).putLong(value.getMostSignificantBits()).putLong(value.getLeastSignificantBits());
        return this;
    }

    public PgArray add(int value) {
        start(4).putInt(value);
        return this;
    }

    public PgArray addOrNull(@Nullable Integer value) {
        return value == null ? addNull() : add(value.intValue());
    }

    public PgArray add(short value) {
        start(2).putShort(value);
        return this;
    }

    public PgArray add(long value) {
        start(8).putLong(value);
        return this;
    }

    public PgArray add(boolean value) {
        start(1).put((byte) (value ? 1 : 0));
        return this;
    }

    public PgArray add(@Nullable String value) {
        if (value == null) {
            return addNull();
        }
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        start(utf8.length).put(utf8);
        return this;
    }

    /// A row address as PostgreSQL writes it, `(block,offset)`.
    public PgArray addRowId(String rowId) {
        int comma = rowId.indexOf(',');
        int block = Integer.parseUnsignedInt(rowId, 1, comma, 10);
        int offset = Integer.parseInt(rowId, comma + 1, rowId.length() - 1, 10);
        start(6).putInt(block).putShort((short) offset);
        return this;
    }

    /// A time in microseconds since 1970, or null for `NO_TIME`.
    public PgArray addMicros(long micros) {
        return micros == NO_TIME ? addNull() : add(micros - POSTGRES_EPOCH_MICROS);
    }

    /// Stands for an absent time where a `long` holds microseconds.
    public static final long NO_TIME = Long.MIN_VALUE;

    public int size() {
        return size;
    }

    private PgArray addNull() {
        room(4);
        elements.putInt(-1);
        nulls = true;
        size++;
        return this;
    }

    private ByteBuffer start(int bytes) {
        room(4 + bytes);
        size++;
        return elements.putInt(bytes);
    }

    private void room(int bytes) {
        if (elements.remaining() < bytes) {
            int needed = elements.position() + bytes;
            ByteBuffer larger = ByteBuffer.allocate(Math.max(needed, elements.capacity() * 2));
            elements = larger.put(elements.flip());
        }
    }

    @Override
    public int lengthInBytes() {
        return HEADER_BYTES + elements.position();
    }

    @Override
    public void toBytes(byte[] bytes, int offset) {
        ByteBuffer to = ByteBuffer.wrap(bytes, offset, lengthInBytes());
        to.putInt(1).putInt(nulls ? 1 : 0).putInt(elementOid).putInt(size).putInt(1);
        to.put(elements.array(), 0, elements.position());
    }

    @Override
    public void setByteValue(byte[] value, int offset) {
        throw new UnsupportedOperationException("parameters only");
    }

    @Override
    public Object clone() throws CloneNotSupportedException {
        throw new CloneNotSupportedException();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
