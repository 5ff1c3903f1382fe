package dev.waybill.jdbc;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.util.Set;

/** A connection as an action gets it: in the transaction of its step, which its methods do not end. A guard against mistakes, not against intent. */
final class Borrowed {
    private static final Set<String> FORBIDDEN =
            Set.of("commit", "setAutoCommit", "close", "abort", "setTransactionIsolation");

    private Borrowed() {}

    static Connection of(Connection connection) {
        return (Connection) Proxy.newProxyInstance(
                Borrowed.class.getClassLoader(), new Class<?>[] {Connection.class}, (self, method, arguments) -> {
                    // To roll back to a savepoint is the action's own business.
                    boolean rollsBack = method.getName().equals("rollback") && method.getParameterCount() == 0;
                    if (rollsBack || FORBIDDEN.contains(method.getName())) {
                        throw new IllegalStateException("an action must not call " + method.getName()
                                + ": its connection is in the transaction of the step, which ends by itself");
                    }
                    try {
                        return method.invoke(connection, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
