import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.util.List;

/** Serves MongoDB's wire protocol from memory, on a free port of loopback, until its standard input is closed. */
public class Launch {

  /** The oldest wire version that the driver speaks; the server's own newest is one less. */
  private static final MongoVersion VERSION =
      new MongoVersion() {
        @Override
        public List<Integer> getVersionArray() {
          return List.of(5, 0, 0);
        }

        @Override
        public int getWireVersion() {
          return 9;
        }
      };

  public static void main(String[] arguments) throws Exception {
    MemoryBackend backend = new MemoryBackend();
    backend.version(VERSION);
    MongoServer server = new MongoServer(backend);
    server.bind("127.0.0.1", 0);
    System.out.println(server.getConnectionString());
    System.out.flush();
    // Whoever started this is gone when the input ends, however it went.
    while (System.in.read() >= 0) {}
    server.shutdownNow();
    System.exit(0);
  }
}
