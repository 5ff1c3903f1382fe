package dev.waybill.examples.thumbnails;

import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.Polygon;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import javax.imageio.ImageIO;

/** Draws the sample, the same each time: images large and small, one of which is cut off, and a file that is none. */
final class SampleImages {
    private final Path folder;
    private final Random random = new Random(7);

    private SampleImages(Path folder) {
        this.folder = folder;
    }

    static void drawInto(Path folder) throws IOException {
        SampleImages sample = new SampleImages(folder);
        byte[] mountains = sample.save("mountains.png", sample.hills(1600, 1000, 0x6fa8dc, 0xfde9c9, 0x3d5a80));
        sample.save("desert.jpg", sample.hills(2400, 1200, 0xf6b26b, 0xfff2cc, 0xa0522d));
        sample.save("meadow.jpg", sample.hills(1200, 1600, 0x9fc5e8, 0xffffff, 0x38761d));
        sample.save("night.png", sample.night(1400, 1400));
        sample.save("sunflower.jpg", sample.sunflower(1500, 1500));
        sample.save("seed.png", sample.sunflower(120, 120));
        // As after a transfer that broke off; and what somebody left among the images.
        Files.write(folder.resolve("cut-off.png"), Arrays.copyOf(mountains, mountains.length / 2));
        Files.writeString(folder.resolve("notes.txt"), "mountains.png is the one for the cover\n");
    }

    private byte[] save(String name, BufferedImage image) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ImageIO.write(image, name.substring(name.indexOf('.') + 1), bytes);
        Files.write(folder.resolve(name), bytes.toByteArray());
        return bytes.toByteArray();
    }

    /** A sky from one colour to another, a sun, and ranges of hills that are darker the nearer they are. */
    private BufferedImage hills(int width, int height, int sky, int horizon, int hill) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D pen = pen(image);
        pen.setPaint(new GradientPaint(0, 0, new Color(sky), 0, height * 0.7f, new Color(horizon)));
        pen.fillRect(0, 0, width, height);
        pen.setColor(new Color(0xfff6d5));
        pen.fillOval(width * 2 / 3, height / 6, width / 9, width / 9);
        Color colour = new Color(hill).brighter();
        for (int range = 0; range < 4; range++) {
            pen.setColor(colour);
            pen.fill(ridge(width, height, height * (45 + 13 * range) / 100, height / 9));
            colour = new Color(colour.getRed() * 3 / 4, colour.getGreen() * 3 / 4, colour.getBlue() * 3 / 4);
        }
        pen.dispose();
        return grainy(image, 24);
    }

    private Polygon ridge(int width, int height, int level, int rise) {
        double phase = random.nextDouble() * 9;
        Polygon ridge = new Polygon();
        ridge.addPoint(0, height);
        for (int x = 0; x <= width; x += 4) {
            double at = 9.0 * x / width + phase;
            ridge.addPoint(x, level - (int) (rise * (0.6 * Math.sin(at) + 0.3 * Math.sin(2.7 * at))));
        }
        ridge.addPoint(width, height);
        return ridge;
    }

    private BufferedImage night(int width, int height) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D pen = pen(image);
        pen.setPaint(new GradientPaint(0, 0, new Color(0x050a1f), width, height, new Color(0x2b2d5b)));
        pen.fillRect(0, 0, width, height);
        for (int star = 0; star < 600; star++) {
            int size = 2 + random.nextInt(7);
            pen.setColor(new Color(255, 255, 200 + random.nextInt(56), 90 + random.nextInt(166)));
            pen.fillOval(random.nextInt(width), random.nextInt(height), size, size);
        }
        pen.setColor(new Color(0xf5f0d0));
        pen.fillOval(width / 5, height / 5, width / 6, width / 6);
        pen.dispose();
        return grainy(image, 12);
    }

    /** Each seed is a golden angle on from the one before, and a little further out. */
    private BufferedImage sunflower(int width, int height) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D pen = pen(image);
        pen.setColor(new Color(0x274e13));
        pen.fillRect(0, 0, width, height);
        int seeds = 500;
        for (int seed = seeds; seed > 0; seed--) {
            double angle = seed * Math.PI * (3 - Math.sqrt(5));
            double out = 0.46 * width * Math.sqrt((double) seed / seeds);
            double size = width * (0.012 + 0.028 * seed / seeds);
            pen.setColor(Color.getHSBColor(0.06f + 0.09f * seed / seeds, 0.9f, 0.45f + 0.5f * seed / seeds));
            pen.fillOval(
                    (int) (width / 2.0 + out * Math.cos(angle) - size / 2),
                    (int) (height / 2.0 + out * Math.sin(angle) - size / 2),
                    (int) size,
                    (int) size);
        }
        pen.dispose();
        return image;
    }

    private static Graphics2D pen(BufferedImage image) {
        Graphics2D pen = image.createGraphics();
        pen.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        return pen;
    }

    /** As a camera's sensor makes it; without it, they would compress to next to nothing. */
    private BufferedImage grainy(BufferedImage image, int grain) {
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                Color colour = new Color(image.getRGB(x, y));
                int more = random.nextInt(grain) - grain / 2;
                image.setRGB(
                        x,
                        y,
                        new Color(
                                        within(colour.getRed() + more),
                                        within(colour.getGreen() + more),
                                        within(colour.getBlue() + more))
                                .getRGB());
            }
        }
        return image;
    }

    private static int within(int part) {
        return Math.max(0, Math.min(255, part));
    }
}
