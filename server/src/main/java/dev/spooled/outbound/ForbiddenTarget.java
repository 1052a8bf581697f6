package dev.spooled.outbound;

import java.net.UnknownHostException;

/// The name leads to an address that may not be dialled. It does not say to which.
public final class ForbiddenTarget extends UnknownHostException {
    private static final long serialVersionUID = 1L;

    ForbiddenTarget(String host) {
        super(host + " does not lead to the public Internet");
    }
}
