package io.depthscope.testkit;

import io.depthscope.device.Device;
import io.depthscope.device.KernelLaunch;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.TreeMap;

/** Counts the launches of each kernel on a device. Closing it leaves the device open. */
public final class LaunchCounter {
  private final Map<String, Long> launches = new TreeMap<>();
  private final Device counted;

  public LaunchCounter(Device device) {
    counted =
        (Device)
            Proxy.newProxyInstance(
                Device.class.getClassLoader(),
                new Class<?>[] {Device.class},
                (proxy, method, args) -> {
                  if (method.getName().equals("close")) {
                    return null;
                  }
                  if (method.getName().equals("launch")) {
                    launches.merge(((KernelLaunch) args[1]).kernel().symbol(), 1L, Long::sum);
                  }
                  try {
                    return method.invoke(device, args);
                  } catch (InvocationTargetException e) {
                    throw e.getCause();
                  }
                });
  }

  /** The device to be used instead. */
  public Device device() {
    return counted;
  }

  /** Launches by kernel. */
  public Map<String, Long> launches() {
    return launches;
  }
}
