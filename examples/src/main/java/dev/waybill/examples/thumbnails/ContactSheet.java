package dev.waybill.examples.thumbnails;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;

/** All thumbnails in one image, with their names. */
final class ContactSheet {
    /** How many it shows at most. */
    static final int MOST = 400;

    private static final int GAP = 16;
    private static final int NAME = 24;
    private static final int WIDE = Thumbnailer.SIDE + GAP;
    private static final int HIGH = Thumbnailer.SIDE + NAME + GAP;
    private static final int MOST_COLUMNS = 10;

    private final BufferedImage image;
    private final Graphics2D pen;
    private final int columns;
    private boolean named = true;

    private ContactSheet(int count) {
        columns = Math.min(MOST_COLUMNS, (int) Math.ceil(Math.sqrt(count)));
        int rows = (count + columns - 1) / columns;
        image = new BufferedImage(columns * WIDE + GAP, rows * HIGH + GAP, BufferedImage.TYPE_INT_RGB);
        pen = image.createGraphics();
        pen.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        pen.setColor(new Color(0xf4f1ea));
        pen.fillRect(0, 0, image.getWidth(), image.getHeight());
    }

    /**
     * Writes it.
     *
     * @param thumbnails at least one; the first {@link #MOST} are shown
     * @return whether the names are on it: that takes fonts, which a machine without a screen may not have
     */
    static boolean write(List<Thumbnail> thumbnails, Path file) throws IOException {
        ContactSheet sheet = new ContactSheet(Math.min(MOST, thumbnails.size()));
        try {
            for (int i = 0; i < Math.min(MOST, thumbnails.size()); i++) {
                sheet.show(thumbnails.get(i), i);
            }
        } finally {
            sheet.pen.dispose();
        }
        if (!ImageIO.write(sheet.image, "png", file.toFile())) {
            throw new IOException("nothing here writes PNG");
        }
        return sheet.named;
    }

    private void show(Thumbnail thumbnail, int place) throws IOException {
        BufferedImage small = ImageIO.read(thumbnail.file().toFile());
        int left = GAP + place % columns * WIDE;
        int top = GAP + place / columns * HIGH;
        pen.drawImage(
                small,
                left + (Thumbnailer.SIDE - small.getWidth()) / 2,
                top + (Thumbnailer.SIDE - small.getHeight()) / 2,
                null);
        if (named) {
            name(thumbnail.image(), left, top + Thumbnailer.SIDE + NAME - 8);
        }
    }

    private void name(String name, int left, int baseline) {
        try {
            pen.setColor(Color.DARK_GRAY);
            pen.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
            FontMetrics font = pen.getFontMetrics();
            String shown = name;
            while (font.stringWidth(shown) > Thumbnailer.SIDE && shown.length() > 4) {
                shown = shown.substring(0, shown.length() - 4) + "...";
            }
            pen.drawString(shown, left + (Thumbnailer.SIDE - font.stringWidth(shown)) / 2, baseline);
        } catch (LinkageError | InternalError | RuntimeException noFonts) {
            named = false;
        }
    }
}
