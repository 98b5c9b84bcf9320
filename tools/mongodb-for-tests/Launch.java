import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.util.List;

/** Serves MongoDB's wire protocol from memory on a free loopback port until its standard input closes. */
public class Launch {

  /** Wire version 9 is the oldest that the driver accepts; the library itself only goes up to 8. */
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
    // The input ends when the parent process does, even if it was killed.
    while (System.in.read() >= 0) {}
    server.shutdownNow();
    System.exit(0);
  }
}
