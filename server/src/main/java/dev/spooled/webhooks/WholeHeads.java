package dev.spooled.webhooks;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.apache.hc.client5.http.impl.io.DefaultHttpResponseParserFactory;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ConnectionClosedException;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.io.HttpMessageParser;
import org.apache.hc.core5.http.io.HttpMessageParserFactory;

/// Takes the head of an answer only when it came to its end. The library's parser takes one that breaks off for one
/// without further headers, and so a mere `200` before the connection died would count as success.
final class WholeHeads implements HttpMessageParserFactory<ClassicHttpResponse> {
    private final HttpMessageParserFactory<ClassicHttpResponse> parsers = DefaultHttpResponseParserFactory.INSTANCE;

    @Override
    public HttpMessageParser<ClassicHttpResponse> create(Http1Config config) {
        HttpMessageParser<ClassicHttpResponse> parser = parsers.create(config);
        return (buffer, in) -> {
            var noting = new NotingEnd(in);
            ClassicHttpResponse head = parser.parse(buffer, noting);
            if (noting.ended) {
                throw new ConnectionClosedException("the answer broke off inside its headers");
            }
            return head;
        };
    }

    /// Of a whole head nothing is read after its last line, so the end is met only within one.
    private static final class NotingEnd extends FilterInputStream {
        private boolean ended;

        NotingEnd(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            return noted(in.read());
        }

        @Override
        public int read(byte[] to, int offset, int length) throws IOException {
            return noted(in.read(to, offset, length));
        }

        private int noted(int read) {
            ended |= read < 0;
            return read;
        }
    }
}
