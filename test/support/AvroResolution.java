import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;

/** Reads "<writer's schema> TAB <bytes in hex>" lines with Avro's own library: the value as JSON, or "error", a line each. */
public class AvroResolution {
  public static void main(String[] args) throws Exception {
    var reader = new Schema.Parser().parse(args[0]);
    var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    var answers = new StringBuilder();
    for (String line; (line = lines.readLine()) != null; ) answers.append(read(reader, line.split("\t", -1))).append('\n');
    System.out.write(answers.toString().getBytes(StandardCharsets.UTF_8));
    System.out.flush();
  }

  private static String read(Schema reader, String[] written) throws Exception {
    var writer = new Schema.Parser().parse(written[0]);
    BinaryDecoder bytes = DecoderFactory.get().binaryDecoder(HexFormat.of().parseHex(written[1]), null);
    try {
      return String.valueOf(new GenericDatumReader<Object>(writer, reader).read(null, bytes));
    } catch (AvroRuntimeException mismatch) {
      return "error";
    }
  }
}
