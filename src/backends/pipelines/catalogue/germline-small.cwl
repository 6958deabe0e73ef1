# Small-genome germline calling for one sample: trim, align, measure, call, report.
# Values that come from a client (sample, numbers) and paths reach a shell only as positional parameters, never inside its program text.
cwlVersion: v1.2
$graph:
- id: main
  class: Workflow
  label: Paired FASTQ to BAM, VCF and quality reports
  requirements:
    MultipleInputFeatureRequirement: {}
  inputs:
    reads_1: File
    reads_2: File
    reference: File
    sample: string
    threads: int
    quality_cutoff: int
    min_length: int
    ploidy: int
    min_mapping_quality: int
    min_base_quality: int
    max_depth: int
    min_variant_quality: int
  steps:
    trim:
      run: "#trim"
      in:
        reads_1: reads_1
        reads_2: reads_2
        sample: sample
        threads: threads
        quality_cutoff: quality_cutoff
        min_length: min_length
      out: [trimmed_1, trimmed_2, fastp_json, fastp_html]
    index:
      run: "#index"
      in: {reference: reference}
      out: [indexed]
    align:
      run: "#align"
      in: {reference: index/indexed, reads_1: trim/trimmed_1, reads_2: trim/trimmed_2, sample: sample, threads: threads}
      out: [bam]
    measure:
      run: "#measure"
      in: {bam: align/bam, sample: sample}
      out: [flagstat, stats, coverage]
    call:
      run: "#call"
      in:
        reference: index/indexed
        bam: align/bam
        sample: sample
        ploidy: ploidy
        min_mapping_quality: min_mapping_quality
        min_base_quality: min_base_quality
        max_depth: max_depth
        min_variant_quality: min_variant_quality
      out: [vcf, bcftools_stats]
    report:
      run: "#report"
      in:
        sample: sample
        reports:
          source: [trim/fastp_json, measure/flagstat, measure/stats, measure/coverage, call/bcftools_stats]
          linkMerge: merge_flattened
      out: [html]
  outputs:
    bam: {type: File, secondaryFiles: [.bai], outputSource: align/bam}
    vcf: {type: File, secondaryFiles: [.tbi], outputSource: call/vcf}
    fastp_json: {type: File, outputSource: trim/fastp_json}
    fastp_html: {type: File, outputSource: trim/fastp_html}
    flagstat: {type: File, outputSource: measure/flagstat}
    stats: {type: File, outputSource: measure/stats}
    coverage: {type: File, outputSource: measure/coverage}
    bcftools_stats: {type: File, outputSource: call/bcftools_stats}
    multiqc: {type: File, outputSource: report/html}

- id: trim
  class: CommandLineTool
  baseCommand: [fastp, --detect_adapter_for_pe, --cut_tail]
  inputs:
    reads_1: {type: File, inputBinding: {prefix: --in1}}
    reads_2: {type: File, inputBinding: {prefix: --in2}}
    threads: {type: int, inputBinding: {prefix: --thread}}
    quality_cutoff: {type: int, inputBinding: {prefix: --cut_tail_mean_quality}}
    min_length: {type: int, inputBinding: {prefix: --length_required}}
    sample: string
  arguments:
  - {prefix: --out1, valueFrom: trimmed_1.fastq.gz}
  - {prefix: --out2, valueFrom: trimmed_2.fastq.gz}
  - {prefix: --json, valueFrom: $(inputs.sample).fastp.json}
  - {prefix: --html, valueFrom: $(inputs.sample).fastp.html}
  - {prefix: --report_title, valueFrom: $(inputs.sample)}
  outputs:
    trimmed_1: {type: File, outputBinding: {glob: trimmed_1.fastq.gz}}
    trimmed_2: {type: File, outputBinding: {glob: trimmed_2.fastq.gz}}
    fastp_json: {type: File, outputBinding: {glob: $(inputs.sample).fastp.json}}
    fastp_html: {type: File, outputBinding: {glob: $(inputs.sample).fastp.html}}

# The reference may come compressed by plain gzip, which samtools cannot index: it is always written out anew.
- id: index
  class: CommandLineTool
  baseCommand: [bash, -euo, pipefail, -c]
  inputs: {reference: File}
  arguments:
  - |
    case "$1" in
      *.gz) gzip -dc -- "$1" > reference.fa ;;
      *) cat -- "$1" > reference.fa ;;
    esac
    bwa index reference.fa
    samtools faidx reference.fa
  - index
  - $(inputs.reference.path)
  outputs:
    indexed:
      type: File
      secondaryFiles: [.amb, .ann, .bwt, .pac, .sa, .fai]
      outputBinding: {glob: reference.fa}

# -K fixes bwa's batch size, so that the alignment does not depend on the number of threads.
- id: align
  class: CommandLineTool
  baseCommand: [bash, -euo, pipefail, -c]
  inputs:
    reference: {type: File, secondaryFiles: [.amb, .ann, .bwt, .pac, .sa]}
    reads_1: File
    reads_2: File
    sample: string
    threads: int
  arguments:
  - |
    bwa mem -t "$5" -K 10000000 -R "@RG\tID:$1\tSM:$1\tLB:$1\tPL:ILLUMINA" "$2" "$3" "$4" \
      | samtools fixmate -u -m - - \
      | samtools sort -u -@ "$5" -T sort - \
      | samtools markdup - "$1.bam"
    samtools index "$1.bam"
  - align
  - $(inputs.sample)
  - $(inputs.reference.path)
  - $(inputs.reads_1.path)
  - $(inputs.reads_2.path)
  - $(inputs.threads)
  outputs:
    bam: {type: File, secondaryFiles: [.bai], outputBinding: {glob: $(inputs.sample).bam}}

- id: measure
  class: CommandLineTool
  baseCommand: [bash, -euo, pipefail, -c]
  inputs:
    bam: {type: File, secondaryFiles: [.bai]}
    sample: string
  arguments:
  - |
    samtools flagstat -O tsv "$2" > "$1.flagstat.tsv"
    samtools stats "$2" > "$1.samtools.stats.txt"
    samtools coverage "$2" > "$1.coverage.tsv"
  - measure
  - $(inputs.sample)
  - $(inputs.bam.path)
  outputs:
    flagstat: {type: File, outputBinding: {glob: $(inputs.sample).flagstat.tsv}}
    stats: {type: File, outputBinding: {glob: $(inputs.sample).samtools.stats.txt}}
    coverage: {type: File, outputBinding: {glob: $(inputs.sample).coverage.tsv}}

- id: call
  class: CommandLineTool
  baseCommand: [bash, -euo, pipefail, -c]
  inputs:
    reference: {type: File, secondaryFiles: [.fai]}
    bam: {type: File, secondaryFiles: [.bai]}
    sample: string
    ploidy: int
    min_mapping_quality: int
    min_base_quality: int
    max_depth: int
    min_variant_quality: int
  arguments:
  - |
    bcftools mpileup -Ou -a AD,DP -q "$5" -Q "$6" -d "$7" -f "$2" "$3" \
      | bcftools call -mv --ploidy "$4" -Ou \
      | bcftools norm -f "$2" -Ou \
      | bcftools view -i "QUAL>=$8" -Oz -o "$1.vcf.gz"
    bcftools index -t "$1.vcf.gz"
    bcftools stats -F "$2" -s - "$1.vcf.gz" > "$1.bcftools.stats.txt"
  - call
  - $(inputs.sample)
  - $(inputs.reference.path)
  - $(inputs.bam.path)
  - $(inputs.ploidy)
  - $(inputs.min_mapping_quality)
  - $(inputs.min_base_quality)
  - $(inputs.max_depth)
  - $(inputs.min_variant_quality)
  outputs:
    vcf: {type: File, secondaryFiles: [.tbi], outputBinding: {glob: $(inputs.sample).vcf.gz}}
    bcftools_stats: {type: File, outputBinding: {glob: $(inputs.sample).bcftools.stats.txt}}

# MultiQC asks its own site for a newer version unless told not to, and prints local paths into the report.
- id: report
  class: CommandLineTool
  requirements:
    InitialWorkDirRequirement: {listing: [$(inputs.reports)]}
  baseCommand: [multiqc, --no-ansi, --quiet, --force, --no-data-dir]
  inputs:
    reports: "File[]"
    sample: string
  arguments:
  - --cl-config
  - "{no_version_check: true, show_analysis_paths: false, show_analysis_time: false}"
  - --outdir
  - report
  - --filename
  - $(inputs.sample).multiqc.html
  - .
  outputs:
    html: {type: File, outputBinding: {glob: report/$(inputs.sample).multiqc.html}}
