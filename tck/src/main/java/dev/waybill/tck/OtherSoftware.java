package dev.waybill.tck;

import dev.waybill.Waybill;
import java.util.List;
import java.util.Map;

/** Software that knows nothing of Waybill, or believes that it does, and sends to the same queues. */
public interface OtherSoftware {

    /**
     * Sends a message with nothing but that, and returns when the broker has it.
     *
     * @param waybill on the same broker, whose vendor client may be used
     * @param queue that exists
     * @param headers as the broker's protocol has them, those that are whole numbers as numbers where it has such
     * @param body of characters that every broker takes
     */
    void send(Waybill waybill, String queue, Map<String, String> headers, byte[] body);

    /**
     * Headers by which a message looks like one that this adapter has sent, each cut or forged in its own way. What core itself
     * reads need not be among them.
     */
    List<Map<String, String>> forgeries();
}
