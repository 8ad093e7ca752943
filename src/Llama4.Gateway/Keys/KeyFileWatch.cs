using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Llama4.Gateway.Keys;

/// <summary>
/// Reads the file of keys again each second and takes it up when it has changed: what two readings in a row agree on, so that a file that is
/// just being written is not taken for one with fewer keys. The bytes are compared, not times, which a mounted secret or a copy may keep.
/// What cannot be read changes nothing; it is said once, and again when it is another fault.
/// </summary>
internal sealed partial class KeyFileWatch(GatewayOptions options, KeyRing keys, ILogger<KeyFileWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private byte[] _judged = [];
    private byte[] _last = [];
    private string? _fault;

    protected override async Task ExecuteAsync(CancellationToken stopping)
    {
        if (options.ApiKeys is not { File: { } file } start)
        {
            return;
        }

        _judged = _last = start.Bytes;
        using var timer = new PeriodicTimer(Pause, options.Clock);
        while (await timer.WaitForNextTickAsync(stopping))
        {
            Look(file);
        }
    }

    private void Look(string file)
    {
        try
        {
            var bytes = ApiKeys.ReadBytes(file);
            var isSettled = bytes.AsSpan().SequenceEqual(_last);
            _last = bytes;
            if (!isSettled || bytes.AsSpan().SequenceEqual(_judged))
            {
                return;
            }

            _judged = bytes;
            keys.Replace(ApiKeyText.Read(bytes, file));
            _fault = null;
            Taken(logger, keys.Count, file);
        }
        catch (Exception error) when (error is IOException or InvalidDataException)
        {
            if (error.Message != _fault)
            {
                _fault = error.Message;
                Kept(logger, keys.Count, error.Message);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "API keys have changed: {Count} are in force, of {File}")]
    private static partial void Taken(ILogger logger, int count, string file);

    [LoggerMessage(Level = LogLevel.Warning, Message = "API keys stay as they were, {Count} of them: {Fault}")]
    private static partial void Kept(ILogger logger, int count, string fault);
}
