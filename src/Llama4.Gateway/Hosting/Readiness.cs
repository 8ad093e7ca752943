namespace Llama4.Gateway.Hosting;

/// <summary>Whether a token has been generated through the cluster since start, and if not, why.</summary>
internal sealed class Readiness
{
    private volatile string? _reason = "No token has been generated yet.";

    /// <summary>Null once ready.</summary>
    public string? Reason => _reason;

    public void SetReady() => _reason = null;

    public void SetReason(string reason) => _reason = reason;
}
